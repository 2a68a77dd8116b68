import { type TrackedMap, trackedMap } from './tracked-map.ts'
import type { Column, Constraint, Index, Oid, Relation, Routine, Table, TypeRef, UserType } from './types.ts'

/** One moment of the schema: before the deploy, or after it. */
export interface CatalogView {
  readonly relation: (oid: Oid) => Relation | undefined
  readonly relationNamed: (schema: string, name: string) => Relation | undefined
  /** Of a table or materialized view, those of constraints too. */
  readonly indexesOf: (table: Oid) => readonly Index[]
  readonly type: (oid: Oid) => UserType | undefined
  readonly typeNamed: (schema: string, name: string) => UserType | undefined
  readonly routine: (oid: Oid) => Routine | undefined
  readonly routinesNamed: (schema: string, name: string) => readonly Routine[]
}

/** The schema in the making. `before` is how it was at the last `mark`. */
export interface Catalog {
  readonly relations: TrackedMap<Oid, Relation>
  readonly relationNames: TrackedMap<string, Oid>
  /** Indexes of a table, those of constraints too. */
  readonly indexes: TrackedMap<Oid, readonly Oid[]>
  readonly types: TrackedMap<Oid, UserType>
  readonly typeNames: TrackedMap<string, Oid>
  readonly routines: TrackedMap<Oid, Routine>
  readonly routineNames: TrackedMap<string, readonly Oid[]>
  readonly schemas: TrackedMap<string, true>
  readonly extensions: TrackedMap<string, true>
  readonly before: CatalogView
  readonly after: CatalogView
  readonly nextOid: () => Oid
  /** The deploy begins here. */
  readonly mark: () => void
}

export function nameKey(schema: string, name: string): string {
  return `${schema}\u0000${name}`
}

export function emptyCatalog(): Catalog {
  const maps = {
    relations: trackedMap<Oid, Relation>(),
    relationNames: trackedMap<string, Oid>(),
    indexes: trackedMap<Oid, readonly Oid[]>(),
    types: trackedMap<Oid, UserType>(),
    typeNames: trackedMap<string, Oid>(),
    routines: trackedMap<Oid, Routine>(),
    routineNames: trackedMap<string, readonly Oid[]>(),
    schemas: trackedMap<string, true>([['public', true]]),
    extensions: trackedMap<string, true>(),
  }
  let last = 0
  return {
    ...maps,
    before: viewOf(maps, 'before'),
    after: viewOf(maps, 'get'),
    nextOid: () => (last += 1),
    mark: () => {
      for (const map of Object.values(maps)) map.mark()
    },
  }
}

type Maps = Pick<
  Catalog,
  'relations' | 'relationNames' | 'indexes' | 'types' | 'typeNames' | 'routines' | 'routineNames'
>

function viewOf(maps: Maps, when: 'before' | 'get'): CatalogView {
  const relation = (oid: Oid) => maps.relations[when](oid)
  const type = (oid: Oid) => maps.types[when](oid)
  const routine = (oid: Oid) => maps.routines[when](oid)
  const found = <T>(oid: Oid | undefined, get: (oid: Oid) => T) => (oid === undefined ? undefined : get(oid))
  return {
    relation,
    relationNamed: (schema, name) => found(maps.relationNames[when](nameKey(schema, name)), relation),
    indexesOf: (table) =>
      (maps.indexes[when](table) ?? []).flatMap((oid) => {
        const index = relation(oid)
        return index?.kind === 'index' ? [index] : []
      }),
    type,
    typeNamed: (schema, name) => found(maps.typeNames[when](nameKey(schema, name)), type),
    routine,
    routinesNamed: (schema, name) =>
      (maps.routineNames[when](nameKey(schema, name)) ?? []).flatMap((oid) => routine(oid) ?? []),
  }
}

export function tableOf(view: CatalogView, oid: Oid): Table | undefined {
  const relation = view.relation(oid)
  return relation?.kind === 'table' ? relation : undefined
}

export function indexOf(view: CatalogView, oid: Oid): Index | undefined {
  const relation = view.relation(oid)
  return relation?.kind === 'index' ? relation : undefined
}

export function columnOf(view: CatalogView, table: Oid, id: number): Column | undefined {
  return tableOf(view, table)?.columns.find((one) => one.id === id)
}

export function constraintOf(view: CatalogView, table: Oid, oid: Oid): Constraint | undefined {
  return tableOf(view, table)?.constraints.find((one) => one.oid === oid)
}

/** The type as PostgreSQL prints it, with the name that a type of ours has at that moment. */
export function formatType(view: CatalogView, type: TypeRef): string {
  const own = type.oid === null ? undefined : view.type(type.oid)
  const name =
    own === undefined
      ? (LONG_NAMES[type.name] ?? type.name)
      : own.schema === 'public'
        ? own.name
        : `${own.schema}.${own.name}`
  const modifiers = type.modifiers.length === 0 ? '' : `(${type.modifiers.join(',')})`
  return `${name}${modifiers}${type.isArray ? '[]' : ''}`
}

const LONG_NAMES: Readonly<Record<string, string>> = {
  int2: 'smallint',
  int4: 'integer',
  int8: 'bigint',
  float4: 'real',
  float8: 'double precision',
  bool: 'boolean',
  varchar: 'character varying',
  bpchar: 'character',
  varbit: 'bit varying',
  timestamp: 'timestamp without time zone',
  timestamptz: 'timestamp with time zone',
  time: 'time without time zone',
  timetz: 'time with time zone',
}
