import type { Constraint, ConstraintKind, Index, Table } from '../catalog/types.ts'
import { fingerprint, type NodeOf, texts } from '../sql/node.ts'
import { columnsIn, provedNotNull } from './expressions.ts'
import { makeName } from './names.ts'
import { freeName, putRelation, putTable } from './put.ts'
import type { Replay } from './replay.ts'
import { assumeRelation, currentTable, findRelation, needColumn, needTable } from './resolve.ts'

type ConstraintNode = NodeOf<'Constraint'>

const KINDS: Readonly<Record<string, ConstraintKind>> = {
  CONSTR_CHECK: 'check',
  CONSTR_PRIMARY: 'primary-key',
  CONSTR_UNIQUE: 'unique',
  CONSTR_EXCLUSION: 'exclude',
  CONSTR_FOREIGN: 'foreign-key',
  CONSTR_NOTNULL: 'not-null',
}
const LABELS: Readonly<Record<ConstraintKind, string>> = {
  check: 'check',
  'primary-key': 'pkey',
  unique: 'key',
  exclude: 'excl',
  'foreign-key': 'fkey',
  'not-null': 'not_null',
}

/** Writes a constraint, and the index that it lives in, into the schema. Null when it is none that a table keeps, or its table is not there. */
export function addConstraint(
  replay: Replay,
  table: Table,
  node: ConstraintNode,
  inlineColumn?: string,
): Constraint | null {
  const kind = KINDS[node.contype ?? '']
  if (kind === undefined) return null
  const names = columnNames(replay, table, node, kind, inlineColumn)
  const columns = names.flatMap((name) => needColumn(replay, table, name)?.id ?? [])
  const target = kind === 'foreign-key' ? needTable(replay, node.pktable ?? {}) : null
  const current = currentTable(replay, table.oid)
  if (current === undefined) return null
  // USING INDEX without a name takes the index's.
  const name = node.conname ?? node.indexname ?? freeConstraintName(replay, current, kind, names)
  const constraint: Constraint = {
    oid: replay.catalog.nextOid(),
    name,
    kind,
    columns,
    isValid: node.skip_validation !== true && node.is_enforced !== false,
    definition: definitionOf(node, kind, columns, target),
    index: null,
    references: target?.oid ?? null,
    provesNotNull: provedNotNull(node.raw_expr).flatMap((one) => needColumn(replay, table, one)?.id ?? []),
  }
  const withIndex = hasIndex(kind)
    ? { ...constraint, index: indexFor(replay, current, node, constraint).oid }
    : constraint
  const now = currentTable(replay, table.oid) ?? current
  putTable(replay, { ...now, constraints: [...now.constraints, withIndex] })
  return withIndex
}

function hasIndex(kind: ConstraintKind): boolean {
  return kind === 'primary-key' || kind === 'unique' || kind === 'exclude'
}

function columnNames(
  replay: Replay,
  table: Table,
  node: ConstraintNode,
  kind: ConstraintKind,
  inlineColumn?: string,
): readonly string[] {
  if (kind === 'check') return columnsIn(node.raw_expr)
  if (node.indexname !== undefined)
    return usedIndex(replay, table, node).keys.flatMap(({ column }) => columnName(replay, table, column))
  if (kind === 'exclude') return columnsIn({ List: { items: node.exclusions ?? [] } }).concat(exclusionColumns(node))
  const written = texts(kind === 'foreign-key' ? node.fk_attrs : node.keys)
  return written.length > 0 ? written : inlineColumn === undefined ? [] : [inlineColumn]
}

function columnName(replay: Replay, table: Table, id: number | null): readonly string[] {
  const column = currentTable(replay, table.oid)?.columns.find((one) => one.id === id)
  return column === undefined ? [] : [column.name]
}

function exclusionColumns(node: ConstraintNode): readonly string[] {
  return (node.exclusions ?? []).flatMap((pair) => {
    const items = (pair as { List?: { items?: { IndexElem?: { name?: string } }[] } }).List?.items ?? []
    return items[0]?.IndexElem?.name ?? []
  })
}

function freeConstraintName(replay: Replay, table: Table, kind: ConstraintKind, columns: readonly string[]): string {
  const part =
    kind === 'primary-key' || columns.length === 0 || (kind === 'check' && columns.length > 1)
      ? null
      : columns.join('_')
  const base = makeName(table.name, part, LABELS[kind])
  const taken = (name: string) => table.constraints.some((one) => one.name === name)
  let name = hasIndex(kind) ? freeName(replay, table.schema, base) : base
  for (let count = 1; taken(name); count += 1) name = `${base}${count}`
  return name
}

function definitionOf(
  node: ConstraintNode,
  kind: ConstraintKind,
  columns: readonly number[],
  target: Table | null,
): string {
  const parts = [kind, columns.join(',')]
  if (kind === 'check') parts[1] = fingerprint(node.raw_expr)
  if (kind === 'foreign-key') {
    parts.push(
      String(target?.oid),
      targetColumns(target, texts(node.pk_attrs)).join(','),
      node.fk_upd_action ?? 'a',
      node.fk_del_action ?? 'a',
      node.fk_matchtype ?? 's',
    )
  }
  if (kind === 'exclude') parts.push(fingerprint(node.exclusions), fingerprint(node.where_clause ?? null))
  if (node.nulls_not_distinct === true) parts.push('nulls not distinct')
  if (node.deferrable === true) parts.push('deferrable')
  return parts.join(' ')
}

/** Without a list it is the target's primary key. */
function targetColumns(target: Table | null, names: readonly string[]): readonly (string | number)[] {
  if (names.length === 0) return target?.constraints.find(({ kind }) => kind === 'primary-key')?.columns ?? []
  return names.map((name) => target?.columns.find((one) => one.name === name)?.id ?? name)
}

function indexFor(replay: Replay, table: Table, node: ConstraintNode, constraint: Constraint): Index {
  if (node.indexname !== undefined) {
    const used = { ...usedIndex(replay, table, node), name: constraint.name, constraint: constraint.oid }
    putRelation(replay, used)
    return used
  }
  const index: Index = {
    oid: replay.catalog.nextOid(),
    schema: table.schema,
    name: constraint.name,
    kind: 'index',
    table: table.oid,
    isUnique: constraint.kind !== 'exclude',
    method: node.access_method ?? 'btree',
    keys: constraint.columns.map((column) => ({ column, expression: null })),
    includes: texts(node.including).flatMap((name) => needColumn(replay, table, name)?.id ?? []),
    where: node.where_clause === undefined ? null : fingerprint(node.where_clause),
    definition: `${constraint.kind === 'exclude' ? 'exclude' : 'unique'} btree ${constraint.columns.join(',')}${node.nulls_not_distinct === true ? ' nnd' : ''}`,
    constraint: constraint.oid,
    isAssumed: false,
  }
  putRelation(replay, index)
  return index
}

/** The index that USING INDEX names; one that was there before when no migration made it. */
function usedIndex(replay: Replay, table: Table, node: ConstraintNode): Index {
  const found = findRelation(replay, { schemaname: table.schema, relname: node.indexname ?? '' })
  if (found?.kind === 'index') return found
  return assumeIndex(replay, table, node.indexname ?? '', true)
}

/** An index that was there before the first migration that we see: we know its name and its table, at most. */
export function assumeIndex(
  replay: Replay,
  table: Pick<Table, 'oid' | 'schema'>,
  name: string,
  isUnique: boolean,
): Index {
  return assumeRelation(replay, {
    oid: replay.catalog.nextOid(),
    schema: table.schema,
    name,
    kind: 'index',
    table: table.oid,
    isUnique,
    method: 'btree',
    keys: [],
    includes: [],
    where: null,
    definition: 'unknown',
    constraint: null,
    isAssumed: true,
  })
}
