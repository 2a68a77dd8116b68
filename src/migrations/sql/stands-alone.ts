import { as, type Node, type Tag } from './node.ts'

/** PostgreSQL's PreventInTransactionBlock (src/backend/commands), and CALL, whose body may commit. */
export function standsAlone(node: Node, tag: Tag): boolean {
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
