import { type Node, tagOf } from '../sql/node.ts'
import type { SqlParser } from '../sql/parser.ts'

/** What a release asks with, and the schema decides about. */
const QUERIES = [
  'SelectStmt',
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
  'CopyStmt',
  'TruncateStmt',
  'LockStmt',
  'DeclareCursorStmt',
]
/** They hold a question that is not looked at here. */
const UNREAD = ['CallStmt', 'DoStmt', 'PrepareStmt', 'ExplainStmt', 'CreateTableAsStmt', 'RefreshMatViewStmt']

/** `other`: BEGIN, SET, DDL of a test suite: nothing about rows. `unread`: nobody can say what it asks. */
export type QueryKind = Node | 'other' | 'unread'

export function readQuery(parser: SqlParser, text: string): QueryKind {
  const parsed = parser.parse(text)
  if ('message' in parsed || parsed.length > 1) return 'unread'
  const [first] = parsed
  if (first === undefined) return 'other'
  const tag = tagOf(first.stmt)
  const select = 'SelectStmt' in first.stmt ? first.stmt.SelectStmt : undefined
  if (UNREAD.includes(tag) || select?.intoClause !== undefined) return 'unread'
  return QUERIES.includes(tag) ? first.stmt : 'other'
}

/** The tree of one query; null for everything else. */
export function queryTree(parser: SqlParser, text: string): Node | null {
  const read = readQuery(parser, text)
  return read === 'other' || read === 'unread' ? null : read
}
