import { scanPieces } from '../sql/scan-pieces.ts'

/** A comment that speaks to Backflip, about one statement. */
export interface Directive {
  readonly kind: 'allow' | 'contract'
  /** UTF-16 offset of the comment. */
  readonly at: number
  /** Of an allow: the rule. */
  readonly rule: string
  /** `reason`, `inverse`, `expires`; of a contract `of`. */
  readonly fields: { readonly [name: string]: string }
  /** Where the statement that it is about begins; null when there is none. */
  readonly statement: number | null
}

interface Span {
  readonly start: number
  readonly end: number
}

const DIRECTIVE = /backflip:(allow|contract)\b([^\n]*)/
const FIELD = /([a-z]+)=(?:"([^"]*)"|(\S+))/g
const MAX_DIRECTIVES = 10_000

/** Reads `-- backflip:allow RULE reason="…"` and `-- backflip:contract of=NAME`. In a string they are text. */
export function readDirectives(source: string, statements: readonly Span[]): readonly Directive[] {
  if (!source.includes('backflip:')) return []
  const found: Directive[] = []
  for (const { kind, start, end } of scanPieces(source)) {
    if (kind !== 'comment' || found.length >= MAX_DIRECTIVES) continue
    const [, word, rest = ''] = DIRECTIVE.exec(source.slice(start, end)) ?? []
    if (word === undefined) continue
    const fields = Object.fromEntries(
      [...rest.matchAll(FIELD)].map(([, name = '', quoted, bare]) => [name, quoted ?? bare ?? '']),
    )
    const rule = word === 'allow' ? (/^\s+([A-Za-z][\w-]*)(?=\s|$)/.exec(rest)?.[1] ?? '') : ''
    found.push({
      kind: word as Directive['kind'],
      at: start,
      rule,
      fields,
      statement: statementOf(source, start, statements),
    })
  }
  return found
}

/** The statement that holds the comment, or ends on its line before it; else the next one. */
function statementOf(source: string, at: number, statements: readonly Span[]): number | null {
  const lineStart = source.lastIndexOf('\n', at - 1) + 1
  const holding = statements.findLast(({ start, end }) => start <= at && (at < end || end >= lineStart))
  return holding?.start ?? statements.find(({ start }) => start >= at)?.start ?? null
}
