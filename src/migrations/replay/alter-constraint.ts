import type { Constraint, Table } from '../catalog/types.ts'
import { as, type NodeOf } from '../sql/node.ts'
import { provesNotNull, setColumnNotNull } from './alter-column.ts'
import { changeColumn } from './change-column.ts'
import { addConstraint } from './constraints.ts'
import { putTable, removeRelation } from './put.ts'
import type { Replay } from './replay.ts'
import { currentTable, isAssumable } from './resolve.ts'

type Cmd = NodeOf<'AlterTableCmd'>

export function alterAddConstraint(replay: Replay, table: Table, cmd: Cmd): void {
  const node = as(cmd.def, 'Constraint')
  if (node === undefined) return
  if (replay.record.isGuarded && table.constraints.some(({ name }) => name === node.conname)) return
  if (node.contype === 'CONSTR_NOTNULL') {
    addNotNull(replay, table, node)
    return
  }
  const usingIndex = node.indexname !== undefined
  const constraint = addConstraint(replay, table, node)
  if (constraint === null) return
  const target = constraint.references === null ? null : (currentTable(replay, constraint.references) ?? null)
  if (target !== null) replay.record.lock(target.oid, 'ShareRowExclusive')
  if (usingIndex && constraint.index !== null) replay.record.lock(constraint.index, 'ShareUpdateExclusive')
  if (!usingIndex && node.skip_validation !== true) replay.record.scan(table.oid)
  if (constraint.kind === 'primary-key') requireColumns(replay, table, constraint)
  replay.record.change({
    kind: 'add-constraint',
    table: currentTable(replay, table.oid) ?? table,
    constraint,
    usingIndex,
    target,
    withColumn: false,
  })
}

/** A primary key makes its columns NOT NULL, and looks at every row unless something proves it. */
function requireColumns(replay: Replay, { oid }: Table, constraint: Constraint): void {
  const table = currentTable(replay, oid)
  for (const id of constraint.columns) {
    const column = table?.columns.find((one) => one.id === id)
    if (table === undefined || column === undefined || column.notNull) continue
    const isProved = provesNotNull(replay, table, column)
    // Of a column that we do not know nobody can say; without a word against it, an old key is NOT NULL.
    if (!isProved && !table.isAssumed) replay.record.scan(oid)
    replay.record.change({ kind: 'set-not-null', table, column, by: 'primary-key', isProved })
    changeColumn(replay, table, id, { notNull: true })
  }
}

/** PostgreSQL 18: NOT NULL as a constraint, which may be validated later. */
function addNotNull(replay: Replay, table: Table, node: NodeOf<'Constraint'>): void {
  const name = (as(node.keys?.[0], 'String')?.sval ?? '') as string
  if (node.skip_validation !== true) {
    setColumnNotNull(replay, table, name, true)
    return
  }
  const constraint = addConstraint(replay, table, node)
  const column = currentTable(replay, table.oid)?.columns.find((one) => one.name === name)
  if (constraint === null || column === undefined || column.notNull) return
  replay.record.change({ kind: 'set-not-null', table, column, by: 'constraint', isProved: true })
  changeColumn(replay, table, column.id, { notNull: true })
}

export function dropConstraint(replay: Replay, table: Table, cmd: Cmd): void {
  const known = table.constraints.find(({ name }) => name === cmd.name)
  const isOptional = cmd.missing_ok === true
  const isUnknown =
    known === undefined && (table.isAssumed || replay.world === 'open') && isAssumable(replay, isOptional)
  const constraint = known ?? (isUnknown ? unknownConstraint(replay, table, cmd.name ?? '') : null)
  if (constraint === null) return
  replay.record.change({ kind: 'drop-constraint', table, constraint })
  if (constraint.references !== null) replay.record.lock(constraint.references, 'AccessExclusive')
  const current = currentTable(replay, table.oid) ?? table
  putTable(replay, { ...current, constraints: current.constraints.filter(({ oid }) => oid !== constraint.oid) })
  const index = constraint.index === null ? undefined : replay.catalog.relations.get(constraint.index)
  if (index !== undefined) {
    replay.record.lock(index.oid, 'AccessExclusive')
    removeRelation(replay, index)
  }
}

/** One that was there before the first migration that we see. Its name says what it was, where people let PostgreSQL or a tool name it. */
function unknownConstraint(replay: Replay, { oid }: Table, name: string): Constraint {
  const kind = /_pkey$|^pk_/i.test(name)
    ? 'primary-key'
    : /_key$|_uniq|_unique|^uq_|^uk_/i.test(name)
      ? 'unique'
      : /_check$|^ck_|^chk_/i.test(name)
        ? 'check'
        : 'foreign-key'
  const constraint: Constraint = {
    oid: replay.catalog.nextOid(),
    name,
    kind,
    columns: [],
    isValid: true,
    definition: 'unknown',
    index: null,
    references: null,
    provesNotNull: [],
  }
  const current = currentTable(replay, oid)
  const before = replay.catalog.relations.before(oid)
  if (current === undefined || before?.kind !== 'table') return constraint
  replay.catalog.relations.assume(oid, { ...before, constraints: [...before.constraints, constraint] })
  putTable(replay, { ...current, constraints: [...current.constraints, constraint] })
  return constraint
}

export function validateConstraint(replay: Replay, table: Table, cmd: Cmd): void {
  const constraint =
    table.constraints.find(({ name }) => name === cmd.name) ?? unknownConstraint(replay, table, cmd.name ?? '')
  replay.record.scan(table.oid)
  if (constraint.references !== null) replay.record.lock(constraint.references, 'RowShare')
  replay.record.change({ kind: 'validate-constraint', table, constraint })
  const current = currentTable(replay, table.oid) ?? table
  putTable(replay, {
    ...current,
    constraints: current.constraints.map((one) => (one.oid === constraint.oid ? { ...one, isValid: true } : one)),
  })
}
