/** One statement of a file, without its semicolon. */
export interface Statement {
  /** 1-based, of its first word. */
  readonly line: number
  readonly text: string
  /** Its words outside of quotes and comments, in upper case: what kind of statement it is. */
  readonly words: readonly string[]
}

/** Things that may hold a semicolon, each as PostgreSQL's own lexer reads it (src/backend/parser/scan.l); the first that matches wins. */
const TOKENS = new RegExp(
  [
    /(?<space>\s+|--[^\n]*)/,
    /(?<comment>\/\*)/,
    // E'…' knows backslashes; other strings do not (standard_conforming_strings is on, see psql.ts).
    /(?<quoted>[eE]'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*")/,
    /(?<dollar>\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$)/,
    /(?<word>[A-Za-z_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*)/,
    /(?<end>;)/,
    /(?<open>[([])/,
    /(?<close>[)\]])/,
    /(?<number>\d[\w.]*)/,
    /(?<other>[\s\S])/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'gy',
)

/**
 * Cuts a file where PostgreSQL would: at semicolons outside of strings, comments, dollar quotes, parentheses and BEGIN ATOMIC bodies. A cut
 * at a wrong place can only make a statement that the server refuses.
 */
export function splitStatements(text: string): readonly Statement[] {
  const statements: Statement[] = []
  let start: number | null = null
  let words: string[] = []
  let depth = 0
  let atomic = 0
  let at = 0

  while (at < text.length) {
    TOKENS.lastIndex = at
    const { groups = {}, 0: token = '' } = TOKENS.exec(text) ?? {}
    let next = at + Math.max(1, token.length)
    if (groups.comment !== undefined) next = endOfComment(text, at)
    if (groups.dollar !== undefined) next = endOfDollarQuote(text, at, token)
    if (groups.end !== undefined && depth === 0 && atomic === 0) {
      finish(at)
    } else if (groups.space === undefined && groups.comment === undefined) {
      start ??= at
      if (groups.word !== undefined) addWord(token.toUpperCase())
      if (groups.open !== undefined) depth++
      if (groups.close !== undefined) depth = Math.max(0, depth - 1)
    }
    at = next
  }
  finish(text.length)
  return statements

  function addWord(word: string): void {
    // A body in SQL holds semicolons of its own until its END; CASE … END may stand inside (SQL:2003 functions, PostgreSQL 14).
    if (word === 'ATOMIC' && words.at(-1) === 'BEGIN') atomic = 1
    else if (atomic > 0 && word === 'CASE') atomic++
    else if (atomic > 0 && word === 'END') atomic--
    words.push(word)
  }

  function finish(end: number): void {
    if (start !== null) {
      const line = text.slice(0, start).split('\n').length
      statements.push({ line, text: text.slice(start, end).trimEnd(), words })
    }
    start = null
    words = []
    depth = 0
    atomic = 0
  }
}

/** Comments nest. One that never ends takes the rest. */
function endOfComment(text: string, from: number): number {
  const marks = /\/\*|\*\//g
  marks.lastIndex = from
  for (let depth = 0, found = marks.exec(text); found !== null; found = marks.exec(text)) {
    depth += found[0] === '/*' ? 1 : -1
    if (depth === 0) return marks.lastIndex
  }
  return text.length
}

function endOfDollarQuote(text: string, from: number, tag: string): number {
  const end = text.indexOf(tag, from + tag.length)
  return end < 0 ? text.length : end + tag.length
}
