import type { ReplayFile } from '../../../migrations/compatibility/replay-files.ts'
import { as, type Node, type Tag } from '../../../migrations/sql/node.ts'
import type { ParsedFile } from '../../../migrations/sql/parse-file.ts'
import type { ShadowFile } from '../../../ports/shadow.ts'

/** A migration as its runner would send it: parsed, so that each statement can be looked at on its own. */
export function toShadowFile({ name, transaction }: ReplayFile, parsed: ParsedFile): ShadowFile {
  return {
    name,
    transaction,
    statements: parsed.statements.map(({ node, tag, start, end }) => ({
      text: parsed.sql.slice(start, end),
      line: parsed.positions.lineAt(start).line,
      isAlone: standsAlone(node, tag),
      isControl: tag === 'TransactionStmt',
    })),
  }
}

/** PostgreSQL's PreventInTransactionBlock (src/backend/commands), and CALL, whose body may commit. */
function standsAlone(node: Node, tag: Tag): boolean {
  switch (tag) {
    case 'IndexStmt':
      return as(node, 'IndexStmt')?.concurrent === true
    case 'DropStmt':
      return as(node, 'DropStmt')?.concurrent === true
    case 'ReindexStmt':
      return JSON.stringify(node).includes('"concurrently"')
    case 'AlterTableStmt':
      return JSON.stringify(node).includes('"concurrent":true')
    case 'VacuumStmt':
      // ANALYZE is one of its kinds, and stands anywhere.
      return as(node, 'VacuumStmt')?.is_vacuumcmd === true
    case 'CallStmt':
    case 'CreatedbStmt':
    case 'DropdbStmt':
    case 'AlterSystemStmt':
      return true
    default:
      return false
  }
}
