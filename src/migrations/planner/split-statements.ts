import { deparseStatement } from '../sql/deparse.ts'
import { as, type Node } from '../sql/node.ts'
import type { ParsedFile } from '../sql/parse-file.ts'
import type { SqlParser } from '../sql/parser.ts'

/** One change a statement: an ALTER TABLE of several commands is as many, and so is a DROP of several objects. */
export function splitChanges(parser: SqlParser, parsed: ParsedFile): readonly string[] {
  return parsed.statements.flatMap(({ node, start, end }) => {
    const parts = partsOf(node)
    if (parts === null) return []
    if (parts.length === 1) return [parsed.sql.slice(start, end).trim()]
    return parts.map((one) => deparseStatement(parser, one))
  })
}

/** Null for BEGIN, COMMIT and settings: the plan has its own. */
function partsOf(node: Node): readonly Node[] | null {
  if (as(node, 'TransactionStmt') !== undefined || as(node, 'VariableSetStmt') !== undefined) return null
  const alter = as(node, 'AlterTableStmt')
  if (alter !== undefined)
    return (alter.cmds ?? []).map((one) => ({ AlterTableStmt: { ...alter, cmds: [one] } }) as Node)
  const drop = as(node, 'DropStmt')
  if (drop !== undefined) return (drop.objects ?? []).map((one) => ({ DropStmt: { ...drop, objects: [one] } }) as Node)
  return [node]
}
