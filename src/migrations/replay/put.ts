import { nameKey } from '../catalog/catalog.ts'
import type { Index, Oid, Relation, Table, UserType } from '../catalog/types.ts'
import type { Replay } from './replay.ts'

/** Writes a new record of a relation under its oid, its name and, for an index, its table. */
export function putRelation(replay: Replay, relation: Relation): void {
  const { relations, relationNames, indexes, schemas } = replay.catalog
  const old = relations.get(relation.oid)
  if (old !== undefined && (old.schema !== relation.schema || old.name !== relation.name)) {
    relationNames.delete(nameKey(old.schema, old.name))
  }
  relations.set(relation.oid, relation)
  if (old === undefined || old.schema !== relation.schema || old.name !== relation.name) {
    relationNames.set(nameKey(relation.schema, relation.name), relation.oid)
    if (schemas.get(relation.schema) === undefined) schemas.set(relation.schema, true)
  }
  if (old === undefined && relation.schema === 'pg_temp') replay.temporary.push(relation.oid)
  if (old === undefined && relation.kind === 'index') {
    indexes.set(relation.table, [...(indexes.get(relation.table) ?? []), relation.oid])
  }
}

export function putTable(replay: Replay, table: Table, how: 'set' | 'assume' = 'set'): void {
  if (how === 'assume') replay.catalog.relations.assume(table.oid, table)
  else putRelation(replay, table)
}

/** Takes a relation away, and an index from its table's list. Nothing that hangs on it. */
export function removeRelation(replay: Replay, relation: Relation): void {
  const { relations, relationNames, indexes } = replay.catalog
  relations.delete(relation.oid)
  const key = nameKey(relation.schema, relation.name)
  if (relationNames.get(key) === relation.oid) relationNames.delete(key)
  if (relation.kind === 'index') {
    indexes.set(
      relation.table,
      (indexes.get(relation.table) ?? []).filter((oid) => oid !== relation.oid),
    )
  }
}

export function indexesOf(replay: Replay, table: Oid): readonly Index[] {
  return (replay.catalog.indexes.get(table) ?? []).flatMap((oid) => {
    const index = replay.catalog.relations.get(oid)
    return index?.kind === 'index' ? [index] : []
  })
}

export function putType(replay: Replay, type: UserType): void {
  const { types, typeNames, schemas } = replay.catalog
  const old = types.get(type.oid)
  if (old !== undefined && (old.schema !== type.schema || old.name !== type.name))
    typeNames.delete(nameKey(old.schema, old.name))
  types.set(type.oid, type)
  typeNames.set(nameKey(type.schema, type.name), type.oid)
  if (schemas.get(type.schema) === undefined) schemas.set(type.schema, true)
}

/** A free name as PostgreSQL makes one: `users_email_key`, `users_email_key1` … */
export function freeName(replay: Replay, schema: string, wanted: string): string {
  const base = wanted.slice(0, 63)
  for (let count = 0; ; count += 1) {
    const name = count === 0 ? base : `${base}${count}`
    if (replay.catalog.relationNames.get(nameKey(schema, name)) === undefined) return name
  }
}
