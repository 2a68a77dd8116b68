import { type Node, tagOf } from '../sql/node.ts'
import type { SqlParser } from '../sql/parser.ts'

/** What a release asks with: everything else (BEGIN, SET, DDL of a test suite) is not about rows. */
const KINDS = ['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt']

/** The tree of one query; null for several statements, other kinds, `SELECT … INTO`, and what the grammar does not take. */
export function queryTree(parser: SqlParser, text: string): Node | null {
  const parsed = parser.parse(text)
  if ('message' in parsed) return null
  const [first, ...others] = parsed
  if (first === undefined || others.length > 0 || !KINDS.includes(tagOf(first.stmt))) return null
  const select = 'SelectStmt' in first.stmt ? first.stmt.SelectStmt : undefined
  return select?.intoClause === undefined ? first.stmt : null
}
