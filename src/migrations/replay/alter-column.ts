import type { Column, Table } from '../catalog/types.ts'
import { as, fingerprint, type NodeOf, texts } from '../sql/node.ts'
import { changeColumn } from './change-column.ts'
import type { ColumnAddition } from './changes.ts'
import { addConstraint } from './constraints.ts'
import { addOwnedSequence, addSerialSequence, setNotNull } from './create-table.ts'
import { dropView } from './drop-view.ts'
import { indexesOf, putTable, removeRelation } from './put.ts'
import { readColumn } from './read-column.ts'
import type { Replay } from './replay.ts'
import { currentTable, needColumn } from './resolve.ts'
import { rewriteTable } from './rewrite.ts'
import { dropOwnedSequences } from './sequences.ts'
import { typeChangeCost, typeOf } from './types.ts'

type Cmd = NodeOf<'AlterTableCmd'>

export function addColumn(replay: Replay, table: Table, cmd: Cmd): void {
  const def = as(cmd.def, 'ColumnDef')
  if (def === undefined) return
  if (table.columns.some(({ name }) => name === def.colname)) {
    if (cmd.missing_ok === true || replay.record.isGuarded) return
  }
  const written = readColumn(replay, def, cmd.missing_ok === true)
  const { column, addition, constraints } = written
  putTable(replay, { ...table, columns: [...table.columns.filter(({ name }) => name !== column.name), column] })
  replay.record.change({ kind: 'add-column', table, column, addition })
  const cost = additionCost(replay, column, addition)
  if (cost === 'rewrite') rewriteTable(replay, table)
  else if (cost === 'scan') replay.record.scan(table.oid)
  addSerialSequence(replay, table, written)
  for (const node of constraints) {
    const constraint = addConstraint(replay, table, node, column.name)
    if (constraint === null) continue
    if (constraint.kind === 'primary-key') setNotNull(replay, table, constraint)
    const target = constraint.references === null ? null : (currentTable(replay, constraint.references) ?? null)
    if (target !== null && target.oid !== table.oid) replay.record.lock(target.oid, 'ShareRowExclusive')
    replay.record.change({ kind: 'add-constraint', table, constraint, usingIndex: false, target, withColumn: true })
  }
}

/** Measured: research/migrations.md §2, rows 6 and 29 to 45. */
function additionCost(replay: Replay, column: Column, addition: ColumnAddition): 'rewrite' | 'scan' | 'instant' {
  const { defaultIs, serial, domainIsConstrained, inline } = addition
  const isFilled = defaultIs !== 'none'
  if (
    defaultIs === 'volatile' ||
    serial ||
    column.identity !== null ||
    column.generated === 'stored' ||
    domainIsConstrained
  )
    return 'rewrite'
  if (isFilled && replay.server.major < 11) return 'rewrite'
  if (column.notNull && !isFilled && column.generated === null) return 'scan'
  if (inline.includes('foreign-key') && isFilled) return 'scan'
  return inline.some((one) => one !== 'foreign-key') ? 'scan' : 'instant'
}

export function dropColumn(replay: Replay, table: Table, cmd: Cmd): void {
  const isOptional = cmd.missing_ok === true || replay.record.isGuarded
  const known = table.columns.find(({ name }) => name === cmd.name)
  if (known === undefined && (!table.isAssumed || (isOptional && replay.world === 'closed'))) return
  const column = known ?? needColumn(replay, table, cmd.name ?? '')
  const current = currentTable(replay, table.oid)
  if (column === null || current === undefined) return
  const isCascade = cmd.behavior === 'DROP_CASCADE'
  replay.record.change({ kind: 'drop-column', table: current, column, isCascade })
  const mentions = (one: { readonly columns: readonly number[] }) => one.columns.includes(column.id)
  for (const constraint of current.constraints.filter(mentions)) {
    if (constraint.references !== null) replay.record.lock(constraint.references, 'AccessExclusive')
  }
  for (const index of indexesOf(replay, table.oid)) {
    if (index.keys.some((key) => key.column === column.id) || index.includes.includes(column.id)) {
      replay.record.lock(index.oid, 'AccessExclusive')
      removeRelation(replay, index)
    }
  }
  if (isCascade) dropReaders(replay, current, column)
  const now = currentTable(replay, table.oid) ?? current
  putTable(replay, {
    ...now,
    columns: now.columns.filter(({ id }) => id !== column.id),
    constraints: now.constraints.filter((one) => !mentions(one)),
  })
  dropOwnedSequences(replay, table, column)
}

function dropReaders(replay: Replay, table: Table, column: Column): void {
  for (const relation of replay.catalog.relations.values()) {
    if (relation.kind !== 'view' && relation.kind !== 'materialized-view') continue
    if (relation.reads.includes(table.oid) && relation.mentions.some((one) => one === column.name || one === '*'))
      dropView(replay, relation, true)
  }
}

export function alterColumnType(replay: Replay, table: Table, cmd: Cmd): void {
  const column = needColumn(replay, table, cmd.name ?? '')
  const def = as(cmd.def, 'ColumnDef')
  if (column === null || def === undefined) return
  const { type: to } = typeOf(replay, def.typeName)
  const collation = texts(def.collClause?.collname).at(-1) ?? null
  const cost = typeChangeCost(replay, column.type, to, def.raw_default)
  const indexes = indexesOf(replay, table.oid).filter((index) => index.keys.some((key) => key.column === column.id))
  if (cost === 'rewrite' || cost === 'unknown') rewriteTable(replay, table, column.id)
  else {
    for (const index of indexes) replay.record.lock(index.oid, 'AccessExclusive')
    // Same values in another order: the table stays, its indexes are built again.
    if (collation !== column.collation && indexes.length > 0) replay.record.scan(table.oid)
  }
  const changesCollation = collation !== column.collation && (collation !== null || column.type !== null)
  replay.record.change({ kind: 'change-type', table, column, to, cost, changesCollation })
  changeColumn(replay, table, column.id, { type: to, collation })
}

export function setColumnDefault(replay: Replay, table: Table, cmd: Cmd): void {
  const column = needColumn(replay, table, cmd.name ?? '')
  if (column === null) return
  const isNull = cmd.def === undefined || as(cmd.def, 'A_Const')?.isnull === true
  replay.record.change({ kind: isNull ? 'drop-default' : 'set-default', table, column })
  changeColumn(replay, table, column.id, { default: isNull ? null : fingerprint(cmd.def) })
}

export function setColumnNotNull(replay: Replay, table: Table, name: string, notNull: boolean): void {
  const column = needColumn(replay, table, name)
  const current = currentTable(replay, table.oid)
  if (column === null || current === undefined) return
  if (!notNull) {
    replay.record.change({ kind: 'drop-not-null', table, column })
    changeColumn(replay, table, column.id, { notNull: false })
    return
  }
  if (column.notNull) return
  const isProved = provesNotNull(replay, current, column)
  if (!isProved) replay.record.scan(table.oid)
  replay.record.change({ kind: 'set-not-null', table, column, by: 'column', isProved })
  changeColumn(replay, table, column.id, { notNull: true })
}

/** PostgreSQL 12 and later trust a valid CHECK instead of looking at the rows. One that was validated but that we never saw made may be the one. */
export function provesNotNull(replay: Replay, table: Table, column: Column): boolean {
  if (replay.server.major < 12) return false
  return table.constraints.some(
    (one) => one.isValid && (one.provesNotNull.includes(column.id) || one.definition === 'unknown'),
  )
}

export function setIdentity(replay: Replay, table: Table, cmd: Cmd): void {
  const column = needColumn(replay, table, cmd.name ?? '')
  if (column === null) return
  if (cmd.subtype === 'AT_DropIdentity') {
    replay.record.change({ kind: 'drop-identity', table, column })
    changeColumn(replay, table, column.id, { identity: null })
    dropOwnedSequences(replay, table, column)
    return
  }
  const constraint = as(cmd.def, 'Constraint')
  const options = constraint?.options ?? as(cmd.def, 'List')?.items ?? []
  const names = options.flatMap((one) => as(one, 'DefElem') ?? [])
  const kind =
    constraint?.generated_when ?? (names.find(({ defname }) => defname === 'generated') === undefined ? 'd' : 'a')
  const hasStart = names.some(({ defname }) => defname === 'start' || defname === 'restart')
  if (cmd.subtype === 'AT_AddIdentity')
    replay.record.change({ kind: 'add-identity', table, column, isAlways: kind === 'a', hasStart })
  changeColumn(replay, table, column.id, { identity: kind === 'a' ? 'always' : 'by default', notNull: true })
  if (cmd.subtype === 'AT_AddIdentity') addOwnedSequence(replay, table, column)
}

export function setGenerated(replay: Replay, table: Table, cmd: Cmd): void {
  const column = needColumn(replay, table, cmd.name ?? '')
  if (column === null) return
  if (cmd.subtype === 'AT_DropExpression') changeColumn(replay, table, column.id, { generated: null })
  else if (column.generated !== 'virtual') rewriteTable(replay, table)
}
