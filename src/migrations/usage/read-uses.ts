import type { Catalog } from '../catalog/catalog.ts'
import { nameKey } from '../catalog/catalog.ts'
import type { Relation, Table, View } from '../catalog/types.ts'
import type { Node } from '../sql/node.ts'
import { type Mentioned, mentionedIn } from './mentioned.ts'

/**
 * What one query needs of the schema, as words: `public.users`, `public.users.nick`, `public.users.*` (every column, or nobody can tell which),
 * `function public.total`, `type public.mood`, and what it does: `insert public.users`, `update public.users.nick`, `delete public.users`,
 * `conflict public.users`. Rather too many than too few: a name that could mean two columns means both. What stands behind a view is named too.
 */
export function readUses(catalog: Catalog, tree: Node, searchPath: readonly string[] = ['public']): readonly string[] {
  const mentioned = mentionedIn(tree)
  const uses = new Set<string>()
  const relations = new Map<string, readonly Relation[]>()
  for (const [alias, names] of mentioned.relations)
    relations.set(
      alias,
      names.flatMap(({ schema, name }) => findAll(catalog, schema, name, searchPath)),
    )
  const everywhere = [...new Set([...relations.values()].flat())]
  for (const one of everywhere) useRelation(catalog, one, uses)
  for (const { of, column } of mentioned.columns) useColumn(relations, everywhere, of, column, uses)
  for (const { action, alias, columns } of mentioned.writes) {
    const targets = relations.get(alias) ?? []
    for (const one of targets.flatMap((target) => [target, ...basesOf(catalog, target)])) {
      const name = `${one.schema}.${one.name}`
      uses.add(`${action} ${name}`)
      for (const column of columns) {
        uses.add(`${name}.${column}`)
        if (action === 'update') uses.add(`update ${name}.${column}`)
      }
    }
  }
  useFunctionsAndTypes(catalog, mentioned, uses)
  useTypesOfColumns(catalog, everywhere, uses)
  return [...uses].sort()
}

/** Along the path, else in any schema that has it: the role's own path is not known here. */
function findAll(catalog: Catalog, schema: string | null, name: string, path: readonly string[]): readonly Relation[] {
  const inSchema = (one: string) => {
    const oid = catalog.relationNames.get(nameKey(one, name))
    const found = oid === undefined ? undefined : catalog.relations.get(oid)
    return found === undefined ? [] : [found]
  }
  if (schema !== null) return inSchema(schema)
  const onPath = path.flatMap(inSchema)
  return onPath.length > 0 ? onPath.slice(0, 1) : [...catalog.schemas.entries()].flatMap(([one]) => inSchema(one))
}

function columnsOf(relation: Relation): readonly string[] | null {
  if (relation.kind === 'table') return relation.isAssumed ? null : relation.columns.map(({ name }) => name)
  return isView(relation) ? relation.columns : null
}

function isView(relation: Relation): relation is View {
  return relation.kind === 'view' || relation.kind === 'materialized-view'
}

function basesOf(catalog: Catalog, relation: Relation): readonly Relation[] {
  if (!isView(relation)) return []
  return relation.reads.flatMap((oid) => {
    const base = catalog.relations.get(oid)
    return base === undefined ? [] : [base, ...basesOf(catalog, base)]
  })
}

/** A view's text names columns, without saying of which table. */
function useRelation(catalog: Catalog, relation: Relation, uses: Set<string>): void {
  uses.add(`${relation.schema}.${relation.name}`)
  if (!isView(relation)) return
  for (const base of basesOf(catalog, relation)) {
    const name = `${base.schema}.${base.name}`
    uses.add(name)
    const known = columnsOf(base)
    for (const column of relation.mentions)
      if (column === '*' || known === null || known.includes(column)) uses.add(`${name}.${column}`)
  }
}

function useColumn(
  relations: ReadonlyMap<string, readonly Relation[]>,
  everywhere: readonly Relation[],
  of: string | null,
  column: string,
  uses: Set<string>,
): void {
  // A name that is an alias is a whole row: SELECT u FROM users u.
  const isRow = of === null && relations.has(column)
  const candidates = isRow ? (relations.get(column) ?? []) : of === null ? everywhere : (relations.get(of) ?? [])
  for (const one of candidates) {
    const name = `${one.schema}.${one.name}`
    const known = columnsOf(one)
    if (isRow || column === '*') uses.add(`${name}.*`)
    else if (known === null || known.includes(column)) uses.add(`${name}.${column}`)
  }
}

function useFunctionsAndTypes(catalog: Catalog, { functions, types }: Mentioned, uses: Set<string>): void {
  for (const name of functions)
    for (const [schema] of catalog.schemas.entries())
      if ((catalog.routineNames.get(nameKey(schema, name)) ?? []).length > 0) uses.add(`function ${schema}.${name}`)
  for (const name of types)
    for (const [schema] of catalog.schemas.entries())
      if (catalog.typeNames.get(nameKey(schema, name)) !== undefined) uses.add(`type ${schema}.${name}`)
}

/** Who reads or writes a column reads or writes values of its type. */
function useTypesOfColumns(catalog: Catalog, relations: readonly Relation[], uses: Set<string>): void {
  const tables = relations
    .flatMap((one) => [one, ...basesOf(catalog, one)])
    .filter((one): one is Table => one.kind === 'table')
  for (const table of tables) {
    const name = `${table.schema}.${table.name}`
    for (const column of table.columns) {
      const type = column.type?.oid == null ? undefined : catalog.types.get(column.type.oid)
      if (type === undefined || !(uses.has(`${name}.${column.name}`) || uses.has(`${name}.*`))) continue
      uses.add(`type ${type.schema}.${type.name}`)
    }
  }
}
