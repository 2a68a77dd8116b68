import type { Column, Constraint, Oid, Table } from '../catalog/types.ts'
import { as, fingerprint, type NodeOf } from '../sql/node.ts'
import { addConstraint } from './constraints.ts'
import { copiesChecks, copiesIndexes, copyChecks, copyForeignKeys, copyIndexes, likeColumn } from './like-table.ts'
import { putRelation, putTable, removeRelation } from './put.ts'
import { readColumn, type WrittenColumn } from './read-column.ts'
import type { Replay } from './replay.ts'
import { currentTable, findRelation, needTable, newName } from './resolve.ts'
import { selectColumns } from './select-columns.ts'
import { addOwnedSequence } from './sequences.ts'

type RangeVar = NodeOf<'RangeVar'>

const PERSISTENCE = { p: 'permanent', u: 'unlogged', t: 'temporary' } as const

function emptyTable(replay: Replay, name: RangeVar): Table {
  return {
    ...newName(replay, name),
    oid: replay.catalog.nextOid(),
    kind: 'table',
    columns: [],
    constraints: [],
    triggers: [],
    policies: [],
    rowSecurity: 'off',
    persistence: PERSISTENCE[name.relpersistence as keyof typeof PERSISTENCE] ?? 'permanent',
    partitionBy: null,
    parents: [],
    isPartition: false,
    isAssumed: false,
    hasRows: false,
  }
}

export function createTable(replay: Replay, node: NodeOf<'CreateStmt'>): void {
  const name = node.relation ?? {}
  if (exists(replay, name, node.if_not_exists === true)) return
  const parents = (node.inhRelations ?? []).flatMap((one) => needTable(replay, as(one, 'RangeVar') ?? {}) ?? [])
  const elements = node.tableElts ?? []
  const written = elements.flatMap((one) => {
    const def = as(one, 'ColumnDef')
    return def?.typeName === undefined ? [] : [readColumn(replay, def)]
  })
  const likes = elements.flatMap((one) => {
    const like = as(one, 'TableLikeClause')
    const table = like === undefined ? null : needTable(replay, like.relation ?? {})
    return like === undefined || table === null ? [] : [{ table, options: like.options ?? 0 }]
  })
  const inherited = [
    // An identity is a table's own.
    ...parents.flatMap(({ columns }) => columns.map((one) => ({ ...one, identity: null }))),
    ...likes.flatMap(({ table, options }) => table.columns.map((one) => likeColumn(one, options))),
  ]
  const table: Table = {
    ...emptyTable(replay, name),
    columns: [...copies(replay, inherited, written), ...written.map(({ column }) => column)],
    partitionBy: node.partspec === undefined ? null : fingerprint(node.partspec),
    parents: parents.map(({ oid }) => oid),
    isPartition: node.partbound !== undefined,
    // Of what is not known whole nothing can be known whole.
    isAssumed: [...parents, ...likes.map((one) => one.table)].some(({ isAssumed }) => isAssumed),
  }
  putRelation(replay, table)
  for (const { oid } of parents) addChild(replay, oid, table.oid)
  for (const { column, addition } of written)
    if (addition.serial || column.identity !== null) addOwnedSequence(replay, table, column)
  addConstraints(replay, table, written, elements)
  for (const parent of parents) {
    copyChecks(replay, parent, table)
    if (table.isPartition) copyForeignKeys(replay, parent, table)
  }
  for (const { table: from, options } of likes) {
    if (copiesChecks(options)) copyChecks(replay, from, table)
    if (copiesIndexes(options)) copyIndexes(replay, from, table)
  }
  for (const parent of parents)
    replay.record.lock(parent.oid, node.partbound === undefined ? 'ShareUpdateExclusive' : 'AccessExclusive')
  replay.record.change({
    kind: 'create-table',
    table: currentTable(replay, table.oid) ?? table,
    isPartitionOf: node.partbound === undefined ? null : (parents[0]?.oid ?? null),
    ifNotExists: node.if_not_exists === true,
  })
}

export function addChild(replay: Replay, parent: Oid, child: Oid): void {
  replay.children.set(parent, [...(replay.children.get(parent) ?? []), child])
}

function exists(replay: Replay, name: RangeVar, ifNotExists: boolean): boolean {
  if (!ifNotExists && !replay.record.isGuarded) return false
  const { schema, name: relname } = newName(replay, name)
  return findRelation(replay, { schemaname: schema, relname }) !== undefined
}

function copies(replay: Replay, columns: readonly Column[], written: readonly WrittenColumn[]): readonly Column[] {
  return columns
    .filter(({ name }) => !written.some(({ column }) => column.name === name))
    .map((column) => ({ ...column, id: replay.catalog.nextOid() }))
}

/** Of columns and of the table; a foreign key locks the table that it points at. */
function addConstraints(
  replay: Replay,
  table: Table,
  written: readonly WrittenColumn[],
  elements: NonNullable<NodeOf<'CreateStmt'>['tableElts']>,
): void {
  const add = (node: NodeOf<'Constraint'>, inline?: string) => {
    const constraint = addConstraint(replay, table, node, inline)
    if (constraint?.kind === 'unique' && isKeyAlready(replay, table, constraint)) return
    if (constraint?.kind === 'primary-key') setNotNull(replay, table, constraint)
    if (constraint?.references != null && constraint.references !== table.oid) {
      replay.record.lock(constraint.references, 'ShareRowExclusive')
      replay.record.change({
        kind: 'add-constraint',
        table,
        constraint,
        usingIndex: false,
        target: currentTable(replay, constraint.references) ?? null,
        withColumn: true,
      })
    }
  }
  const nodes = [
    ...written.flatMap(({ column, constraints }) => constraints.map((node) => ({ node, inline: column.name }))),
    ...elements.flatMap((one) => {
      const node = as(one, 'Constraint')
      return node === undefined ? [] : [{ node, inline: undefined }]
    }),
  ]
  const isKey = ({ node }: (typeof nodes)[number]) => node.contype === 'CONSTR_PRIMARY'
  for (const { node, inline } of [...nodes.filter(isKey), ...nodes.filter((one) => !isKey(one))]) add(node, inline)
}

/** Twice the same columns, UNIQUE or PRIMARY KEY, make one index (transformIndexConstraints). */
function isKeyAlready(replay: Replay, { oid }: Table, unique: Constraint): boolean {
  const table = currentTable(replay, oid)
  const same = table?.constraints.find(
    (one) => one.oid !== unique.oid && one.index !== null && one.columns.join() === unique.columns.join(),
  )
  if (table === undefined || same === undefined) return false
  putTable(replay, { ...table, constraints: table.constraints.filter(({ oid: each }) => each !== unique.oid) })
  const index = unique.index === null ? undefined : replay.catalog.relations.get(unique.index)
  if (index !== undefined) removeRelation(replay, index)
  return true
}

export function setNotNull(replay: Replay, { oid }: Table, constraint: Constraint): void {
  const table = currentTable(replay, oid)
  if (table === undefined) return
  const columns = table.columns.map((one) => (constraint.columns.includes(one.id) ? { ...one, notNull: true } : one))
  putTable(replay, { ...table, columns })
}

/** CREATE TABLE … AS and SELECT … INTO: the names of the columns at most. */
export function createTableAs(replay: Replay, node: NodeOf<'CreateTableAsStmt'>): void {
  const name = node.into?.rel ?? {}
  if (node.objtype === 'OBJECT_MATVIEW' || exists(replay, name, node.if_not_exists === true)) return
  const names = (node.into?.colNames ?? []).flatMap((one) => as(one, 'String')?.sval ?? [])
  const found = selectColumns(replay, node.query)
  const columns = names.length > 0 ? names.map((one, at) => ({ name: one, type: found?.[at]?.type ?? null })) : found
  const table: Table = {
    ...emptyTable(replay, name),
    columns: (columns ?? []).map((one) => ({
      ...one,
      id: replay.catalog.nextOid(),
      notNull: false,
      default: null,
      identity: null,
      generated: null,
      collation: null,
    })),
    isAssumed: columns === null,
    hasRows: true,
  }
  putRelation(replay, table)
  replay.record.change({ kind: 'create-table', table, isPartitionOf: null, ifNotExists: node.if_not_exists === true })
}
