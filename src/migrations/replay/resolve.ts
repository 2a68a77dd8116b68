import { nameKey } from '../catalog/catalog.ts'
import type { Column, Oid, Relation, Table, UserType } from '../catalog/types.ts'
import { putRelation, putTable } from './put.ts'
import type { Replay } from './replay.ts'

interface RangeName {
  readonly schemaname?: string
  readonly relname?: string
  readonly relpersistence?: string
}

/** Schema and name of what is about to be made. */
export function newName(
  replay: Replay,
  { schemaname, relname = '', relpersistence }: RangeName,
): { schema: string; name: string } {
  if (relpersistence === 't') return { schema: 'pg_temp', name: relname }
  return { schema: schemaname ?? replay.searchPath[0] ?? 'public', name: relname }
}

/**
 * The relation of that name. Without a schema it is searched along the path, then in every schema: the search_path of the application's role is
 * not in the files, and a name that stands in one schema only can mean nothing else.
 */
export function findRelation(replay: Replay, { schemaname, relname = '' }: RangeName): Relation | undefined {
  const { relationNames, relations, schemas } = replay.catalog
  const inSchema = (schema: string) => {
    const oid = relationNames.get(nameKey(schema, relname))
    return oid === undefined ? undefined : relations.get(oid)
  }
  if (schemaname !== undefined) return inSchema(schemaname)
  for (const schema of ['pg_temp', ...replay.searchPath]) {
    const found = inSchema(schema)
    if (found !== undefined) return found
  }
  const elsewhere = [...schemas.entries()].flatMap(([schema]) => inSchema(schema) ?? [])
  return elsewhere.length === 1 ? elsewhere[0] : undefined
}

/** The table, or one that was there before and that we know nothing of. Null when it is known not to be there. */
export function needTable(replay: Replay, name: RangeName, isOptional = false): Table | null {
  const found = findRelation(replay, name)
  if (found !== undefined) return found.kind === 'table' ? found : null
  if (!isAssumable(replay, isOptional)) return null
  const table: Table = {
    oid: replay.catalog.nextOid(),
    schema: name.schemaname ?? replay.searchPath[0] ?? 'public',
    name: name.relname ?? '',
    kind: 'table',
    columns: [],
    constraints: [],
    triggers: [],
    policies: [],
    rowSecurity: 'off',
    persistence: 'permanent',
    partitionBy: null,
    parents: [],
    isPartition: false,
    isAssumed: true,
    hasRows: true,
  }
  return assumeRelation(replay, table)
}

/** Whether something that no migration made may be taken to be there. */
export function isAssumable(replay: Replay, isOptional: boolean): boolean {
  return replay.world === 'open' || (!isOptional && !replay.record.isGuarded)
}

export function assumeRelation<T extends Relation>(replay: Replay, relation: T): T {
  replay.catalog.relations.assume(relation.oid, relation)
  replay.catalog.relationNames.assume(nameKey(relation.schema, relation.name), relation.oid)
  if (relation.kind === 'index') {
    const all = replay.catalog.indexes.get(relation.table) ?? []
    replay.catalog.indexes.assume(relation.table, [...all, relation.oid])
  }
  return relation
}

/** The column of that name; of a table that we do not know whole, one that was there before. */
export function needColumn(replay: Replay, table: Table, name: string): Column | null {
  const current = currentTable(replay, table.oid)
  const found = current?.columns.find((one) => one.name === name)
  if (found !== undefined || current === undefined || !current.isAssumed) return found ?? null
  const column: Column = {
    id: replay.catalog.nextOid(),
    name,
    type: null,
    notNull: false,
    default: null,
    identity: null,
    generated: null,
    collation: null,
  }
  const before = replay.catalog.relations.before(table.oid)
  const isKnownBefore = before?.kind === 'table' && before !== current
  putTable(replay, { ...current, columns: [...current.columns, column] }, 'assume')
  if (isKnownBefore) {
    // `assume` set both moments to the table of now: the one before keeps all else that it had.
    const past = { ...before, columns: [...before.columns, column] }
    replay.catalog.relations.assume(table.oid, past)
    putRelation(replay, { ...current, columns: [...current.columns, column] })
  }
  return column
}

export function currentTable(replay: Replay, oid: Oid): Table | undefined {
  const relation = replay.catalog.relations.get(oid)
  return relation?.kind === 'table' ? relation : undefined
}

export function findType(replay: Replay, names: readonly string[]): UserType | undefined {
  const name = names.at(-1) ?? ''
  const { typeNames, types, schemas } = replay.catalog
  const inSchema = (schema: string) => {
    const oid = typeNames.get(nameKey(schema, name))
    return oid === undefined ? undefined : types.get(oid)
  }
  if (names.length > 1) return inSchema(names.at(-2) ?? '')
  for (const schema of replay.searchPath) {
    const found = inSchema(schema)
    if (found !== undefined) return found
  }
  const elsewhere = [...schemas.entries()].flatMap(([schema]) => inSchema(schema) ?? [])
  return elsewhere.length === 1 ? elsewhere[0] : undefined
}
