import { type Catalog, columnOf, formatType, tableOf } from '../catalog/catalog.ts'
import type { Column, Constraint, Index, Oid, Relation, Routine, Table, UserType, View } from '../catalog/types.ts'
import type { Applied } from '../replay/changes.ts'
import { fingerprint } from '../sql/node.ts'

/**
 * The schema as sorted lines, without what is given in order of creation: two histories that lead to the same schema have the same lines. The order
 * of columns is left out too, because a column that comes back stands at the end.
 */
export function shapeOf(catalog: Catalog, bodies: ReadonlyMap<Oid, string>): readonly string[] {
  const lines: string[] = []
  for (const name of catalog.schemas.entries()) lines.push(`schema ${name[0]}`)
  for (const relation of catalog.relations.values()) lines.push(...relationLines(catalog, relation, bodies))
  for (const type of catalog.types.values()) lines.push(typeLine(catalog, type))
  for (const routine of catalog.routines.values()) lines.push(routineLine(routine, bodies))
  return lines.toSorted()
}

/** Texts of views and routines as they were written last: the catalog knows only their outside. */
export function bodiesOf(applied: readonly Applied[], bodies = new Map<Oid, string>()): Map<Oid, string> {
  for (const { statement, changes } of applied) {
    for (const change of changes) {
      const oid =
        change.kind === 'create-routine'
          ? change.routine.oid
          : change.kind === 'create-view' || change.kind === 'replace-view'
            ? change.view.oid
            : null
      // Written with OR REPLACE or without, it is the same.
      if (oid !== null) bodies.set(oid, fingerprint(statement.node).replaceAll('"replace":true,', ''))
    }
  }
  return bodies
}

function relationLines(catalog: Catalog, relation: Relation, bodies: ReadonlyMap<Oid, string>): readonly string[] {
  switch (relation.kind) {
    case 'table':
      return tableLines(catalog, relation)
    case 'index':
      return [indexLine(catalog, relation)]
    case 'sequence': {
      const { owner } = relation
      const column = owner === null ? undefined : columnOf(catalog.after, owner.table, owner.column)
      const of = owner === null ? '' : `${named(catalog, owner.table)}.${column?.name ?? ''}`
      return [`sequence ${full(relation)} of ${of}`]
    }
    default:
      return [viewLine(catalog, relation, bodies)]
  }
}

function tableLines(catalog: Catalog, table: Table): readonly string[] {
  const name = full(table)
  const parents = table.parents.map((oid) => named(catalog, oid)).toSorted()
  return [
    `table ${name} ${table.persistence} ${table.rowSecurity} ${table.partitionBy ?? ''} ${parents.join(',')} ${table.isPartition}`,
    ...table.columns.map((one) => `column ${name}.${columnShape(catalog, one)}`),
    ...table.constraints.map((one) => `constraint ${name} ${constraintShape(catalog, table, one)}`),
    ...table.triggers.map((one) => `trigger ${name} ${one.name} ${one.isEnabled} ${one.function}`),
    ...table.policies.map((one) => `policy ${name} ${one.name} ${one.isRestrictive}`),
  ]
}

function columnShape(catalog: Catalog, column: Column): string {
  const { name, type, notNull, default: value, identity, generated, collation } = column
  const shownType = type === null ? 'unknown' : formatType(catalog.after, type)
  return `${name} ${shownType} ${notNull} ${value ?? ''} ${identity ?? ''} ${generated ?? ''} ${collation ?? ''}`
}

/** The definition holds ids of columns and of the target in its first parts; names stand for them here. A CHECK has names already. */
function constraintShape(catalog: Catalog, table: Table, one: Constraint): string {
  const columns = one.columns.map((id) => columnName(table, id)).join(',')
  const parts = one.definition.split(' ')
  const rest = one.kind === 'check' ? one.definition : parts.slice(one.kind === 'foreign-key' ? 3 : 2).join(' ')
  const target = one.references === null ? '' : named(catalog, one.references)
  return `${one.name} ${one.kind} (${columns}) ${target} ${rest} ${one.isValid}`
}

function indexLine(catalog: Catalog, index: Index): string {
  const table = tableOf(catalog.after, index.table)
  const nameOf = (id: number) => (table === undefined ? String(id) : columnName(table, id))
  const keys = index.keys.map(({ column, expression }) => (column === null ? (expression ?? '') : nameOf(column)))
  const isPlain = /^\w+ btree [\d,]*( nnd)?$/.test(index.definition)
  const rest = isPlain
    ? index.definition.endsWith(' nnd')
    : index.definition.replaceAll(/"column":(\d+)/g, (_all, id: string) => `"column":"${nameOf(Number(id))}"`)
  const includes = index.includes.map(nameOf).join(',')
  return `index ${full(index)} on ${named(catalog, index.table)} ${index.isUnique} ${index.method} (${keys.join(',')}) (${includes}) ${index.where ?? ''} ${rest}`
}

function viewLine(catalog: Catalog, view: View, bodies: ReadonlyMap<Oid, string>): string {
  const reads = view.reads.map((oid) => named(catalog, oid)).toSorted()
  return `${view.kind} ${full(view)} ${view.columns?.join(',') ?? '?'} ${reads.join(',')} ${bodies.get(view.oid) ?? ''}`
}

function typeLine(catalog: Catalog, type: UserType): string {
  const base = type.base === null ? '' : formatType(catalog.after, type.base)
  const labels = type.labels.map(({ text }) => text).join(',')
  return `type ${full(type)} ${type.kind} ${labels} ${base} ${type.isConstrained}`
}

function routineLine(routine: Routine, bodies: ReadonlyMap<Oid, string>): string {
  const { kind, returns, language, volatility, optional } = routine
  return `${kind} ${full(routine)}(${routine.arguments}) ${optional} ${returns} ${language} ${volatility} ${bodies.get(routine.oid) ?? ''}`
}

function columnName(table: Table, id: number): string {
  return table.columns.find((one) => one.id === id)?.name ?? String(id)
}

function named(catalog: Catalog, oid: Oid): string {
  const relation = catalog.relations.get(oid)
  return relation === undefined ? '?' : full(relation)
}

function full({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return `${schema}.${name}`
}
