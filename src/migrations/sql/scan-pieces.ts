/** A piece of SQL text between `start` and `end` (UTF-16 offsets). `code` pieces hold no quotes, no comments and no semicolons. */
export interface Piece {
  readonly kind: 'code' | 'semicolon' | 'comment' | 'string' | 'identifier' | 'dollar'
  readonly start: number
  readonly end: number
}

const SPECIAL = /--|\/\*|[eE]?'|"|\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$|;/g

/** Cuts SQL by its lexical rules alone, so that a file which does not parse can still be taken apart. Every piece ends, also in broken text. */
export function* scanPieces(sql: string): Generator<Piece> {
  let at = 0
  SPECIAL.lastIndex = 0
  for (;;) {
    SPECIAL.lastIndex = at
    const found = SPECIAL.exec(sql)
    if (found === null) break
    const start = found.index
    if (start > at) yield { kind: 'code', start: at, end: start }
    const piece = pieceAt(sql, start, found[0])
    yield piece
    at = piece.end
  }
  if (at < sql.length) yield { kind: 'code', start: at, end: sql.length }
}

function pieceAt(sql: string, start: number, opening: string): Piece {
  if (opening === ';') return { kind: 'semicolon', start, end: start + 1 }
  if (opening === '--') return { kind: 'comment', start, end: endAt(sql, '\n', start + 2, 0) }
  if (opening === '/*') return { kind: 'comment', start, end: endOfBlock(sql, start + 2) }
  if (opening === '"') return { kind: 'identifier', start, end: endOfQuoted(sql, start + 1, '"', false) }
  if (opening.endsWith("'")) {
    return { kind: 'string', start, end: endOfQuoted(sql, start + opening.length, "'", opening.length === 2) }
  }
  return { kind: 'dollar', start, end: endAt(sql, opening, start + opening.length, opening.length) }
}

function endAt(sql: string, closing: string, from: number, length: number): number {
  const end = sql.indexOf(closing, from)
  return end < 0 ? sql.length : end + length
}

/** PostgreSQL's block comments nest. */
function endOfBlock(sql: string, from: number): number {
  let depth = 1
  for (let at = from; at < sql.length; at += 1) {
    if (sql.startsWith('*/', at)) depth -= 1
    else if (sql.startsWith('/*', at)) depth += 1
    else continue
    at += 1
    if (depth === 0) return at + 1
  }
  return sql.length
}

function endOfQuoted(sql: string, from: number, quote: string, withBackslash: boolean): number {
  for (let at = from; at < sql.length; at += 1) {
    if (withBackslash && sql[at] === '\\') at += 1
    else if (sql[at] === quote) {
      if (sql[at + 1] !== quote) return at + 1
      at += 1
    }
  }
  return sql.length
}

/** The statements of a text by its semicolons, without leading and trailing blanks. */
export function splitStatements(sql: string): readonly { readonly start: number; readonly end: number }[] {
  const found: { start: number; end: number }[] = []
  let start = 0
  const take = (end: number) => {
    const body = sql.slice(start, end)
    if (body.trim() !== '')
      found.push({ start: start + (body.length - body.trimStart().length), end: start + body.trimEnd().length })
  }
  for (const { kind, start: at, end } of scanPieces(sql)) {
    if (kind !== 'semicolon') continue
    take(at)
    start = end
  }
  take(sql.length)
  return found
}
