import type { Change } from '../../replay/changes.ts'
import { as, type Node } from '../../sql/node.ts'
import type { AskedChange } from '../asked-change.ts'
import { argumentsSql } from '../describe-table.ts'
import { dropIndexSql, ident, tableSql } from '../names.ts'
import { alone, type PlannedFile, together } from '../sequence.ts'

/** What both releases survive and nobody waits for: as it was asked for, in one deploy. */
export function planPlain(change: AskedChange, what: string): PlannedFile {
  const { changes } = change.applied
  // CREATE TABLE with a foreign key changes more than itself: what was made is what goes.
  const first =
    MADE.map((kind) => changes.find((one) => one.kind === kind)).find((one) => one !== undefined) ?? changes[0]
  const down = (first === undefined ? null : wayBack(change, first)) ?? '-- Write the way back here'
  return takesNoTransaction(change.node)
    ? alone(what, change.sql, down)
    : together(what, [change.sql], [down.replace(' CONCURRENTLY', '')])
}

const MADE = ['create-table', 'add-column', 'create-view'] as const

function takesNoTransaction(node: Node): boolean {
  if (as(node, 'VacuumStmt') !== undefined) return true
  if (as(node, 'IndexStmt')?.concurrent === true || as(node, 'DropStmt')?.concurrent === true) return true
  const reindex = as(node, 'ReindexStmt')?.params ?? []
  return reindex.some((one) => as(one, 'DefElem')?.defname === 'concurrently')
}

function wayBack({ creationOf }: AskedChange, one: Change): string | null {
  switch (one.kind) {
    case 'create-table':
      return `DROP TABLE ${tableSql(one.table)}`
    case 'add-column':
      return `ALTER TABLE ${tableSql(one.table)} DROP COLUMN ${ident(one.column.name)}`
    case 'add-constraint':
      return `ALTER TABLE ${tableSql(one.table)} DROP CONSTRAINT ${ident(one.constraint.name)}`
    case 'create-index':
      return dropIndexSql(one.index)
    case 'create-view':
      return `DROP ${one.view.kind === 'view' ? '' : 'MATERIALIZED '}VIEW ${tableSql(one.view)}`
    case 'create-type':
      return `DROP ${one.type.kind === 'domain' ? 'DOMAIN' : 'TYPE'} ${tableSql(one.type)}`
    case 'create-routine':
      if (one.replaced !== null) return creationOf('create-routine', one.replaced.oid)
      return `DROP ${one.routine.kind === 'procedure' ? 'PROCEDURE' : 'FUNCTION'} ${tableSql(one.routine)}(${argumentsSql(one.routine.arguments)})`
    case 'create-trigger':
      return one.table === null ? null : `DROP TRIGGER ${ident(one.trigger.name)} ON ${tableSql(one.table)}`
    default:
      return null
  }
}
