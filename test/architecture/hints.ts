import { withoutComments } from './blank.ts'
import type { SourceFile } from './imports.ts'

const RAISED = /\b(new BackflipError|refusal)\(/g
/** A gate said no, somebody else is at work, a person is needed: whoever reads it has something to do next. */
const TO_ACT_ON = /\bkind: '(person|held|refused)'/

/** Every error that a person must act on and that says no next command, as `path:line: code`. Errors made from other errors are theirs. */
export function withoutHint(files: readonly SourceFile[]): readonly string[] {
  return files.flatMap(({ path, text: whole }) => {
    const text = withoutComments(whole)
    return [...text.matchAll(RAISED)].flatMap(({ index, 0: call }) => {
      const raised = text.slice(index, endOfCall(text, index + call.length))
      const code = /\bcode(: '(?<name>[a-z-]+)')?/.exec(raised)
      const isForPeople = call === 'refusal(' || TO_ACT_ON.test(raised)
      if (code === null || !isForPeople || /\bhint\b/.test(raised)) return []
      return [`${path}:${text.slice(0, index).split('\n').length}: ${code.groups?.name ?? 'an error'}`]
    })
  })
}

/** Brackets in literals count too: they come in pairs there as well. */
function endOfCall(text: string, from: number): number {
  let depth = 1
  for (let at = from; at < text.length; at += 1) {
    if ('([{'.includes(text.charAt(at))) depth += 1
    if (')]}'.includes(text.charAt(at))) depth -= 1
    if (depth === 0) return at
  }
  return text.length
}
