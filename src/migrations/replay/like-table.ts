import type { Column, Constraint, Index, Table } from '../catalog/types.ts'
import { makeName } from './names.ts'
import { freeName, indexesOf, putRelation, putTable } from './put.ts'
import type { Replay } from './replay.ts'
import { currentTable } from './resolve.ts'

/** TableLikeOption: what INCLUDING names, one bit each. */
const LIKE_CONSTRAINTS = 1 << 2
const LIKE_DEFAULTS = 1 << 3
const LIKE_GENERATED = 1 << 4
const LIKE_IDENTITY = 1 << 5
const LIKE_INDEXES = 1 << 6

export function likeColumn(column: Column, options: number): Column {
  return {
    ...column,
    default: (options & LIKE_DEFAULTS) === 0 ? null : column.default,
    generated: (options & LIKE_GENERATED) === 0 ? null : column.generated,
    identity: (options & LIKE_IDENTITY) === 0 ? null : column.identity,
  }
}

export function copiesChecks(options: number): boolean {
  return (options & LIKE_CONSTRAINTS) !== 0
}

export function copiesIndexes(options: number): boolean {
  return (options & LIKE_INDEXES) !== 0
}

/** The column of the same name in the other table. */
function mapper(from: Table, to: Table): (id: number) => number {
  return (id) => {
    const name = from.columns.find((one) => one.id === id)?.name
    return to.columns.find((one) => one.name === name)?.id ?? id
  }
}

export function copyChecks(replay: Replay, from: Table, { oid }: Table): void {
  const to = currentTable(replay, oid)
  if (to === undefined) return
  const map = mapper(from, to)
  const checks = from.constraints
    .filter(({ kind }) => kind === 'check')
    .map((one) => ({
      ...one,
      oid: replay.catalog.nextOid(),
      columns: one.columns.map(map),
      provesNotNull: one.provesNotNull.map(map),
    }))
  putTable(replay, { ...to, constraints: [...to.constraints, ...checks] })
}

/** Foreign keys of a partitioned table that one of its partitions has not. Returns those that it got. */
export function copyForeignKeys(replay: Replay, from: Table, { oid }: Table): readonly Constraint[] {
  const to = currentTable(replay, oid)
  if (to === undefined) return []
  const map = mapper(from, to)
  const keys = from.constraints
    .filter(({ kind }) => kind === 'foreign-key')
    .map((one) => ({
      ...one,
      oid: replay.catalog.nextOid(),
      columns: one.columns.map(map),
      definition: one.definition.replaceAll(/\b\d+\b/g, (id) => String(map(Number(id)))),
    }))
    .filter(({ definition }) => !to.constraints.some((own) => own.definition === definition))
  putTable(replay, { ...to, constraints: [...to.constraints, ...keys] })
  return keys
}

/** Each under the name that PostgreSQL makes for the new table; a constraint's index comes with its constraint. */
export function copyIndexes(replay: Replay, from: Table, { oid }: Table): void {
  for (const index of indexesOf(replay, from.oid)) {
    const to = currentTable(replay, oid)
    if (to === undefined) return
    const map = mapper(from, to)
    const keys = index.keys.map((key) => ({ ...key, column: key.column === null ? null : map(key.column) }))
    const constraint = from.constraints.find((one) => one.oid === index.constraint)
    const copy: Index = {
      ...index,
      oid: replay.catalog.nextOid(),
      schema: to.schema,
      name: nameOf(replay, to, keys, constraint),
      table: oid,
      keys,
      includes: index.includes.map(map),
      definition: index.definition.replaceAll(/\b\d+\b/g, (id) => String(map(Number(id)))),
      constraint: constraint === undefined ? null : replay.catalog.nextOid(),
    }
    putRelation(replay, copy)
    if (constraint === undefined || copy.constraint === null) continue
    const own = {
      ...constraint,
      oid: copy.constraint,
      name: copy.name,
      columns: constraint.columns.map(map),
      index: copy.oid,
    }
    putTable(replay, { ...to, constraints: [...to.constraints, own] })
  }
}

function nameOf(replay: Replay, to: Table, keys: Index['keys'], constraint: Constraint | undefined): string {
  const columns = keys.map(({ column }) => to.columns.find(({ id }) => id === column)?.name ?? 'expr').join('_')
  const label = constraint === undefined ? 'idx' : constraint.kind === 'exclude' ? 'excl' : 'key'
  const isKey = constraint?.kind === 'primary-key'
  return freeName(replay, to.schema, makeName(to.name, isKey ? null : columns, isKey ? 'pkey' : label))
}
