import { type Catalog, formatType } from '../catalog/catalog.ts'
import type { Column, Constraint, Index, Relation, Table } from '../catalog/types.ts'

/** What one schema has and the other has not, a line each; empty when they are the same but for the order of columns. */
export function compareCatalogs(left: Catalog, right: Catalog): readonly string[] {
  const [a, b] = [new Set(describe(left)), new Set(describe(right))]
  return [
    ...[...a].filter((one) => !b.has(one)).map((one) => `- ${one}`),
    ...[...b].filter((one) => !a.has(one)).map((one) => `+ ${one}`),
  ]
}

function describe(catalog: Catalog): readonly string[] {
  // What ends with its session is no part of the schema.
  const lasting = [...catalog.relations.values()].filter(({ schema }) => schema !== 'pg_temp')
  const lines = lasting.flatMap((one) => describeRelation(catalog, one))
  for (const { schema, name, kind, labels, base } of catalog.types.values()) {
    const of = base === null ? '' : formatType(catalog.after, base)
    lines.push(`${kind} ${schema}.${name} ${labels.map(({ text }) => text).join(',')} ${of}`)
  }
  for (const { kind, schema, name, arguments: takes, returns, language } of catalog.routines.values())
    lines.push(`${kind} ${schema}.${name}(${takes}) ${returns} ${language}`)
  return lines.toSorted()
}

function describeRelation(catalog: Catalog, one: Relation): readonly string[] {
  const at = `${one.schema}.${one.name}`
  const named = (oid: number | undefined) => {
    const found = oid === undefined ? undefined : catalog.relations.get(oid)
    return found === undefined ? '' : `${found.schema}.${found.name}`
  }
  if (one.kind === 'index') {
    const table = catalog.relations.get(one.table)
    return [`index ${at} on ${named(one.table)} ${describeIndex(one, table?.kind === 'table' ? table : undefined)}`]
  }
  if (one.kind === 'sequence') {
    const owner = one.owner === null ? undefined : catalog.relations.get(one.owner.table)
    const column = owner?.kind === 'table' ? owner.columns.find(({ id }) => id === one.owner?.column)?.name : ''
    return [`sequence ${at} of ${named(one.owner?.table)}.${column ?? ''}`]
  }
  if (one.kind !== 'table')
    return [`${one.kind} ${at} (${one.columns?.join(',') ?? '?'}) of ${one.reads.map(named).join(',')}`]
  return [
    // One that no file made is there in either: a statement needed it.
    ...(one.isAssumed ? [] : [describeTable(one, named)]),
    ...one.columns
      .filter(({ type }) => !one.isAssumed || type !== null)
      .map((column) => `column ${at}.${describeColumn(catalog, column)}`),
    ...one.constraints.map(
      (each) => `constraint ${at} ${describeConstraint(one, each, named(each.references ?? undefined))}`,
    ),
    ...one.triggers.map(({ name, isEnabled, function: calls }) => `trigger ${at} ${name} ${isEnabled} ${calls}`),
    ...one.policies.map(({ name, isRestrictive }) => `policy ${at} ${name} ${isRestrictive}`),
  ]
}

function describeTable(one: Table, named: (oid: number) => string): string {
  const { schema, name, persistence, rowSecurity, partitionBy, parents } = one
  return `table ${schema}.${name} ${persistence} ${rowSecurity} ${partitionBy ?? ''} ${parents.map(named).join(',')}`
}

function describeColumn(
  catalog: Catalog,
  { name, type, notNull, default: preset, identity, generated, collation }: Column,
): string {
  const of = type === null ? '?' : formatType(catalog.after, type)
  // A serial's default is the call that it stands for.
  const value = preset?.includes('"sval":"nextval"') === true ? 'nextval' : preset
  return [name, of, notNull ? 'required' : 'optional', value, identity, generated, collation].join(' ')
}

function describeConstraint(
  table: Table,
  { name, kind, columns, isValid, definition }: Constraint,
  target: string,
): string {
  const names = columns.map((id) => table.columns.find((one) => one.id === id)?.name ?? '?').join(',')
  const words = definition.split(' ')
  // Ids of columns and tables are another replay's.
  const rest = kind === 'check' ? definition : words.slice(kind === 'foreign-key' ? 3 : 2).join(' ')
  return [name, kind, names, isValid ? 'valid' : 'not valid', target, rest].join(' ')
}

function describeIndex(
  { isUnique, method, keys, includes, where, definition, constraint }: Index,
  table: Table | undefined,
): string {
  const name = (id: number | null) => table?.columns.find((one) => one.id === id)?.name ?? '?'
  const parts = keys.map(({ column, expression }) => (column === null ? (expression ?? '') : name(column)))
  const shape = definition.includes('{')
    ? definition.replaceAll(/"column":(\d+)/g, (_all, id: string) => name(Number(id)))
    : definition.replace(/[\d,]+/, '')
  return [isUnique, method, parts.join(','), includes.map(name).join(','), where, shape, constraint !== null].join(' ')
}
