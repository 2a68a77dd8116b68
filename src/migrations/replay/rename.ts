import { nameKey } from '../catalog/catalog.ts'
import type { Column, Table, View } from '../catalog/types.ts'
import { as, listTexts, type NodeOf, texts } from '../sql/node.ts'
import { descendants } from './alter-table.ts'
import { changeColumn } from './change-column.ts'
import { indexesOf, putRelation, putTable, putType } from './put.ts'
import { indexWithRenamed, tableWithRenamed } from './rename-in-expressions.ts'
import type { Replay } from './replay.ts'
import { currentTable, findRelation, needColumn, needTable } from './resolve.ts'
import { moveRoutine } from './routines.ts'
import { renameType } from './user-types.ts'

export function rename(replay: Replay, node: NodeOf<'RenameStmt'>): void {
  const to = node.newname ?? ''
  switch (node.renameType) {
    case 'OBJECT_TABLE':
    case 'OBJECT_VIEW':
    case 'OBJECT_MATVIEW':
    case 'OBJECT_INDEX':
    case 'OBJECT_SEQUENCE':
    case 'OBJECT_FOREIGN_TABLE':
      moveRelation(replay, node.relation ?? {}, { name: to }, node.missing_ok === true, node.renameType)
      return
    case 'OBJECT_COLUMN':
      renameColumn(replay, node, to)
      return
    case 'OBJECT_TABCONSTRAINT':
      renameConstraint(replay, node, to)
      return
    case 'OBJECT_TYPE':
    case 'OBJECT_DOMAIN':
      renameType(replay, listTexts(node.object), { name: to })
      return
    case 'OBJECT_FUNCTION':
    case 'OBJECT_PROCEDURE':
    case 'OBJECT_ROUTINE':
    case 'OBJECT_AGGREGATE':
      moveRoutine(replay, node.object, { name: to })
      return
    case 'OBJECT_SCHEMA':
      renameSchema(replay, node.subname ?? '', to)
      return
    case 'OBJECT_TRIGGER':
    case 'OBJECT_POLICY':
      renameOnTable(replay, node, to)
      return
    default:
      return
  }
}

type RangeVar = NodeOf<'RangeVar'>
type Target = { readonly schema?: string; readonly name?: string }

function moveRelation(replay: Replay, range: RangeVar, to: Target, isOptional: boolean, objectType: string): void {
  const isTable = objectType === 'OBJECT_TABLE' || objectType === 'OBJECT_FOREIGN_TABLE'
  const relation = findRelation(replay, range) ?? (isTable ? needTable(replay, range, isOptional) : null)
  if (relation === null || relation === undefined) return
  const moved = { ...relation, schema: to.schema ?? relation.schema, name: to.name ?? relation.name }
  replay.record.lock(relation.oid, relation.kind === 'index' ? 'ShareUpdateExclusive' : 'AccessExclusive')
  replay.record.change({
    kind: 'rename-relation',
    relation,
    toSchema: moved.schema,
    toName: moved.name,
    by: to.schema === undefined ? 'rename' : 'set-schema',
  })
  putRelation(replay, moved)
  if (to.schema !== undefined && moved.kind === 'table') moveParts(replay, moved.oid, to.schema)
  if (moved.kind === 'index' && moved.constraint !== null)
    renameOwnConstraint(replay, moved.table, moved.constraint, moved.name)
}

/** Indexes and owned sequences live in their table's schema. */
function moveParts(replay: Replay, table: number, schema: string): void {
  for (const index of indexesOf(replay, table)) putRelation(replay, { ...index, schema })
  for (const relation of replay.catalog.relations.values()) {
    if (relation.kind === 'sequence' && relation.owner?.table === table) putRelation(replay, { ...relation, schema })
  }
}

function renameOwnConstraint(replay: Replay, table: number, constraint: number, name: string): void {
  const relation = replay.catalog.relations.get(table)
  if (relation?.kind !== 'table') return
  putTable(replay, {
    ...relation,
    constraints: relation.constraints.map((one) => (one.oid === constraint ? { ...one, name } : one)),
  })
}

function renameColumn(replay: Replay, node: NodeOf<'RenameStmt'>, toName: string): void {
  const found = findRelation(replay, node.relation ?? {})
  if (found?.kind === 'view' || found?.kind === 'materialized-view') {
    renameViewColumn(replay, found, node.subname ?? '', toName)
    return
  }
  const table = needTable(replay, node.relation ?? {}, node.missing_ok === true)
  if (table === null) return
  const column = needColumn(replay, table, node.subname ?? '')
  if (column === null) return
  replay.record.change({ kind: 'rename-column', table, column, toName })
  giveColumnName(replay, table, column, toName)
  if (node.relation?.inh !== true) return
  for (const child of descendants(replay, table.oid)) {
    const inherited = child.columns.find(({ name }) => name === column.name)
    if (inherited !== undefined) giveColumnName(replay, child, inherited, toName)
  }
}

function giveColumnName(replay: Replay, table: Table, column: Column, toName: string): void {
  replay.record.lock(table.oid, 'AccessExclusive')
  changeColumn(replay, table, column.id, { name: toName })
  const now = currentTable(replay, table.oid)
  if (now !== undefined) putTable(replay, tableWithRenamed(now, column, toName))
  for (const index of indexesOf(replay, table.oid)) putRelation(replay, indexWithRenamed(index, column, toName))
}

function renameViewColumn(replay: Replay, view: View, from: string, to: string): void {
  const columns = view.columns?.map((one) => (one === from ? to : one)) ?? null
  replay.record.lock(view.oid, 'AccessExclusive')
  replay.record.change({ kind: 'replace-view', view, columns })
  putRelation(replay, { ...view, columns })
}

function renameConstraint(replay: Replay, node: NodeOf<'RenameStmt'>, name: string): void {
  const table = needTable(replay, node.relation ?? {}, node.missing_ok === true)
  if (table === null) return
  replay.record.lock(table.oid, 'AccessExclusive')
  const constraint = table.constraints.find((one) => one.name === node.subname)
  if (constraint === undefined) return
  putTable(replay, {
    ...table,
    constraints: table.constraints.map((one) => (one === constraint ? { ...one, name } : one)),
  })
  const index = constraint.index === null ? undefined : replay.catalog.relations.get(constraint.index)
  if (index !== undefined) putRelation(replay, { ...index, name })
}

function renameOnTable(replay: Replay, node: NodeOf<'RenameStmt'>, name: string): void {
  const table = needTable(replay, node.relation ?? {}, node.missing_ok === true)
  if (table === null) return
  replay.record.lock(table.oid, 'AccessExclusive')
  const renamed = <T extends { readonly name: string }>(all: readonly T[]) =>
    all.map((one) => (one.name === node.subname ? { ...one, name } : one))
  if (node.renameType === 'OBJECT_TRIGGER') putTable(replay, { ...table, triggers: renamed(table.triggers) })
  else putTable(replay, { ...table, policies: renamed(table.policies) })
}

function renameSchema(replay: Replay, from: string, to: string): void {
  for (const relation of replay.catalog.relations.values()) {
    if (relation.schema !== from) continue
    if (relation.kind !== 'index') {
      replay.record.change({
        kind: 'rename-relation',
        relation,
        toSchema: to,
        toName: relation.name,
        by: 'rename-schema',
      })
    }
    putRelation(replay, { ...relation, schema: to })
  }
  for (const type of replay.catalog.types.values()) if (type.schema === from) putType(replay, { ...type, schema: to })
  for (const routine of replay.catalog.routines.values()) {
    if (routine.schema !== from) continue
    replay.catalog.routines.set(routine.oid, { ...routine, schema: to })
    const key = nameKey(to, routine.name)
    replay.catalog.routineNames.set(key, [...(replay.catalog.routineNames.get(key) ?? []), routine.oid])
    replay.catalog.routineNames.delete(nameKey(from, routine.name))
  }
  replay.catalog.schemas.delete(from)
  replay.catalog.schemas.set(to, true)
}

const ROUTINES = new Set(['OBJECT_FUNCTION', 'OBJECT_PROCEDURE', 'OBJECT_ROUTINE', 'OBJECT_AGGREGATE'])

export function setSchema(replay: Replay, node: NodeOf<'AlterObjectSchemaStmt'>): void {
  const to = { schema: node.newschema ?? '' }
  if (node.objectType === 'OBJECT_TYPE' || node.objectType === 'OBJECT_DOMAIN') {
    renameType(replay, texts(as(node.object, 'List')?.items), to)
    return
  }
  if (ROUTINES.has(node.objectType ?? '')) moveRoutine(replay, node.object, to)
  else if (node.relation !== undefined)
    moveRelation(replay, node.relation, to, node.missing_ok === true, node.objectType ?? '')
}
