import { Deparser } from 'pgsql-deparser'
import { BackflipError } from '../../domain/errors.ts'
import type { Node } from './node.ts'
import type { SqlParser } from './parser.ts'

const PLAIN = { pretty: false }

/**
 * SQL of a statement's tree. Read again and compared before it is given to anybody: of 20,475 real statements the deparser writes 12 wrong
 * (research/migrations.md §5). Error `not-writable` (kind `refused`).
 */
export function deparseStatement(parser: SqlParser, node: Node): string {
  const text = Deparser.deparse(node as never, PLAIN)
  const read = parser.parse(text)
  const isSame = !('message' in read) && read.length === 1 && meaningOf(read[0]?.stmt) === meaningOf(node)
  if (!isSame) throw notWritable(text)
  return text
}

/** SQL of an expression's tree, compared in the same way. */
export function deparseExpression(parser: SqlParser, node: Node): string {
  const text = Deparser.deparse(node as never, PLAIN)
  const read = parser.parse(`SELECT ${text}`)
  const [first] = 'message' in read ? [] : read
  const target = (first?.stmt as { SelectStmt?: { targetList?: { ResTarget?: { val?: Node } }[] } } | undefined)
    ?.SelectStmt?.targetList?.[0]?.ResTarget?.val
  if (target === undefined || meaningOf(target) !== meaningOf(node)) throw notWritable(text)
  return text
}

function notWritable(text: string): BackflipError {
  return new BackflipError('the statement cannot be written out as PostgreSQL would read it again', {
    code: 'not-writable',
    kind: 'refused',
    details: [text.slice(0, 300)],
    hint: 'write its parts as simpler statements',
  })
}

const PLACES = new Set(['location', 'stmt_location', 'stmt_len'])

/** The same text for trees that mean the same: without places, and without fields that say nothing, in whatever order they stand. */
function meaningOf(node: unknown): string {
  return JSON.stringify(node, (key, value: unknown) => {
    if (PLACES.has(key) || value === false || (Array.isArray(value) && value.length === 0)) return undefined
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  })
}
