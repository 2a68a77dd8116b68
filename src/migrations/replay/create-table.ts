import type { Column, Constraint, Oid, Sequence, Table } from '../catalog/types.ts'
import { as, fingerprint, type NodeOf } from '../sql/node.ts'
import { addConstraint } from './constraints.ts'
import { makeName } from './names.ts'
import { freeName, indexesOf, putRelation, putTable } from './put.ts'
import { readColumn, type WrittenColumn } from './read-column.ts'
import type { Replay } from './replay.ts'
import { currentTable, findRelation, needTable, newName } from './resolve.ts'
import { selectColumns } from './select-columns.ts'

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
  const inherited = [...parents, ...likes.map(({ table }) => table)].flatMap(({ columns }) => columns)
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
  for (const one of written) addSerialSequence(replay, table, one)
  addConstraints(replay, table, written, elements)
  for (const like of likes) copyIndexes(replay, like.table, table, like.options)
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
  for (const { column, constraints } of written) for (const one of constraints) add(one, column.name)
  for (const element of elements) {
    const node = as(element, 'Constraint')
    if (node !== undefined) add(node)
  }
}

export function setNotNull(replay: Replay, { oid }: Table, constraint: Constraint): void {
  const table = currentTable(replay, oid)
  if (table === undefined) return
  const columns = table.columns.map((one) => (constraint.columns.includes(one.id) ? { ...one, notNull: true } : one))
  putTable(replay, { ...table, columns })
}

export function addSerialSequence(replay: Replay, table: Table, { column, addition }: WrittenColumn): void {
  if (addition.serial || column.identity !== null) addOwnedSequence(replay, table, column)
}

/** The sequence of a serial or identity column, under the name that PostgreSQL gives it. */
export function addOwnedSequence(replay: Replay, table: Table, column: Column): void {
  const sequence: Sequence = {
    oid: replay.catalog.nextOid(),
    schema: table.schema,
    name: freeName(replay, table.schema, makeName(table.name, column.name, 'seq')),
    kind: 'sequence',
    owner: { table: table.oid, column: column.id },
    isAssumed: false,
  }
  putRelation(replay, sequence)
}

const LIKE_INDEXES = 1 << 6

function copyIndexes(replay: Replay, from: Table, to: Table, options: number): void {
  if ((options & LIKE_INDEXES) === 0) return
  for (const index of indexesOf(replay, from.oid)) {
    putRelation(replay, {
      ...index,
      oid: replay.catalog.nextOid(),
      name: freeName(replay, to.schema, index.name),
      table: to.oid,
      constraint: null,
    })
  }
}

/** CREATE TABLE … AS and SELECT … INTO: the names of the columns at most. */
export function createTableAs(replay: Replay, node: NodeOf<'CreateTableAsStmt'>): void {
  const name = node.into?.rel ?? {}
  if (node.objtype === 'OBJECT_MATVIEW' || exists(replay, name, node.if_not_exists === true)) return
  const names = (node.into?.colNames ?? []).flatMap((one) => as(one, 'String')?.sval ?? [])
  const columns = names.length > 0 ? names : selectColumns(replay, node.query)
  const table: Table = {
    ...emptyTable(replay, name),
    columns: (columns ?? []).map((one) => ({
      id: replay.catalog.nextOid(),
      name: one,
      type: null,
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
