import { type CatalogView, formatType } from '../catalog/catalog.ts'
import type { Column, Constraint, Index, Table, TypeRef } from '../catalog/types.ts'
import type { Node } from '../sql/node.ts'
import { type AskedChange, expressionSql, namesOf } from './asked-change.ts'
import { ident, idents, literal, tableSql } from './names.ts'
import { renameColumnIn } from './rename-in-tree.ts'

/** A column under another name wherever SQL is written. */
export interface Renamed {
  readonly from: string
  readonly to: string
}

const same = (node: Node) => node
const inTree = (renamed: Renamed | undefined) =>
  renamed === undefined ? same : (node: Node) => renameColumnIn(node, renamed.from, [renamed.to])
const inList = (renamed: Renamed | undefined) => (name: string) => (name === renamed?.from ? renamed.to : name)

/** The type of a column, with its collation. Null when no migration says it. */
export function typeSql({ before }: AskedChange, column: Column): string | null {
  if (column.type === null) return null
  const collation = column.collation === null ? '' : ` COLLATE ${ident(column.collation)}`
  return `${typeName(before, column.type)}${collation}`
}

/** As SQL takes it: a name of ours in quotes where it needs them, and `timestamp(3) with time zone`. */
function typeName(view: CatalogView, type: TypeRef): string {
  const own = type.oid === null ? undefined : view.type(type.oid)
  const base = own === undefined ? formatType(view, { ...type, modifiers: [], isArray: false }) : tableSql(own)
  const modifiers = type.modifiers.length === 0 ? '' : `(${type.modifiers.join(',')})`
  const [, word = base, rest = ''] = /^(time|timestamp)( with(?:out)? time zone)$/.exec(base) ?? []
  return `${word}${modifiers}${rest}${type.isArray ? '[]' : ''}`
}

/** What a routine takes, as the catalog says it, in quotes where they are needed. */
export function argumentsSql(text: string): string {
  const quoted = (part: string) =>
    /^[a-z_][a-z0-9_ ]*(\[\])?$/.test(part) ? part : `"${part.replace(/\[\]$/, '')}"${part.endsWith('[]') ? '[]' : ''}`
  return text === ''
    ? ''
    : text
        .split(/, ?/)
        .map((one) => one.split('.').map(quoted).join('.'))
        .join(', ')
}

/** What DEFAULT says; null without one. The sequence of a serial column is its own. */
export function defaultSql(change: AskedChange, table: Table, column: Column): string | null {
  if (column.default === null) return null
  if (column.default !== 'nextval') return expressionSql(change, column.default)
  const sequence = change.relations.find(
    (one) => one.kind === 'sequence' && one.owner?.table === table.oid && one.owner.column === column.id,
  )
  return sequence === undefined ? null : `nextval(${literal(tableSql(sequence))})`
}

const ACTIONS: Readonly<Record<string, string>> = {
  r: 'RESTRICT',
  c: 'CASCADE',
  n: 'SET NULL',
  d: 'SET DEFAULT',
}

/** What follows CONSTRAINT name. Null for an exclusion, and for one that no migration wrote. */
export function constraintSql(change: AskedChange, table: Table, one: Constraint, renamed?: Renamed): string | null {
  if (one.definition === 'unknown') return null
  const columns = idents(namesOf(table, one.columns).map(inList(renamed)))
  const deferrable = one.definition.endsWith(' deferrable') ? ' DEFERRABLE' : ''
  if (one.kind === 'check') {
    const tree = one.definition.slice('check '.length).replace(/ deferrable$/, '')
    return `CHECK (${expressionSql(change, tree, inTree(renamed))})`
  }
  if (one.kind === 'foreign-key') return foreignKeySql(change, one, columns) + deferrable
  if (one.kind !== 'unique' && one.kind !== 'primary-key') return null
  const nulls = one.definition.includes('nulls not distinct') ? ' NULLS NOT DISTINCT' : ''
  return `${one.kind === 'unique' ? 'UNIQUE' : 'PRIMARY KEY'}${nulls} (${columns})${deferrable}`
}

function foreignKeySql({ before }: AskedChange, { definition, references }: Constraint, columns: string): string {
  const [, , , targetColumns = '', onUpdate = 'a', onDelete = 'a', match = 's'] = definition.split(' ')
  const target = references === null ? undefined : before.relation(references)
  const list = targetColumns === '' ? '' : ` (${idents(targetColumns.split(','))})`
  const parts = [
    `FOREIGN KEY (${columns}) REFERENCES ${target === undefined ? '' : tableSql(target)}${list}`,
    match === 'f' ? 'MATCH FULL' : '',
    ACTIONS[onUpdate] === undefined ? '' : `ON UPDATE ${ACTIONS[onUpdate]}`,
    ACTIONS[onDelete] === undefined ? '' : `ON DELETE ${ACTIONS[onDelete]}`,
  ]
  return parts.filter((part) => part !== '').join(' ')
}

/** The `IndexElem` settings of a key besides its column: operator class, order, NULLS, collation. */
type KeyShape = readonly [unknown, readonly Node[] | null, string | null, string | null, readonly Node[] | null]

/** CREATE INDEX under a name. Null for one that no migration wrote. */
export function indexSql(
  change: AskedChange,
  table: Table,
  index: Index,
  ask: { readonly name: string; readonly isConcurrent: boolean; readonly renamed?: Renamed },
): string | null {
  if (index.definition === 'unknown') return null
  const shapes = keyShapes(index)
  const keys = index.keys.map((key, at) => {
    const name = key.column === null ? undefined : namesOf(table, [key.column]).map(inList(ask.renamed))[0]
    const base =
      name === undefined ? `(${expressionSql(change, key.expression ?? 'null', inTree(ask.renamed))})` : ident(name)
    return base + keySuffix(shapes[at])
  })
  const includes = namesOf(table, index.includes).map(inList(ask.renamed))
  const parts = [
    `CREATE ${index.isUnique ? 'UNIQUE ' : ''}INDEX${ask.isConcurrent ? ' CONCURRENTLY' : ''} ${ident(ask.name)} ON ${tableSql(table)}`,
    index.method === 'btree' ? '' : `USING ${index.method}`,
    `(${keys.join(', ')})`,
    includes.length === 0 ? '' : `INCLUDE (${idents(includes)})`,
    index.definition.endsWith(' nnd') ? 'NULLS NOT DISTINCT' : '',
    index.where === null ? '' : `WHERE ${expressionSql(change, index.where, inTree(ask.renamed))}`,
  ]
  return parts.filter((part) => part !== '').join(' ')
}

/** The shapes stand in the definition as JSON, one behind the other, and are absent from one that is plain. */
function keyShapes({ definition, method, isUnique, where }: Index): readonly KeyShape[] {
  const head = `${isUnique ? 'unique' : 'index'} ${method} `
  if (!definition.startsWith(`${head}[`)) return []
  const end = definition.lastIndexOf(` ${where ?? ''}`)
  return JSON.parse(`[${definition.slice(head.length, end)}]`) as readonly KeyShape[]
}

function keySuffix(shape: KeyShape | undefined): string {
  if (shape === undefined) return ''
  const [, opclass, order, nulls, collation] = shape
  const names = (nodes: readonly Node[] | null) =>
    (nodes ?? []).map((one) => ident((one as { String?: { sval?: string } }).String?.sval ?? '')).join('.')
  return [
    collation === null ? '' : ` COLLATE ${names(collation)}`,
    opclass === null ? '' : ` ${names(opclass)}`,
    order === 'SORTBY_DESC' ? ' DESC' : '',
    nulls === 'SORTBY_NULLS_FIRST' ? ' NULLS FIRST' : nulls === 'SORTBY_NULLS_LAST' ? ' NULLS LAST' : '',
  ].join('')
}

/** CREATE TABLE and its indexes as the catalog knows it: the inverse of a drop, of the shape. Null when a type is not known. */
export function tableAsSql(change: AskedChange, table: Table): readonly string[] | null {
  const columns = table.columns.map((column) => columnSql(change, table, column))
  if (table.isAssumed || table.partitionBy !== null || table.parents.length > 0 || columns.includes(null)) return null
  const constraints = table.constraints.map((one) => {
    const sql = constraintSql(change, table, one)
    return sql === null ? null : `CONSTRAINT ${ident(one.name)} ${sql}`
  })
  const indexes = change.before
    .indexesOf(table.oid)
    .filter(({ constraint }) => constraint === null)
    .map((one) => indexSql(change, table, one, { name: one.name, isConcurrent: false }))
  if (constraints.includes(null) || indexes.includes(null)) return null
  const sequences = change.relations.flatMap((one) =>
    one.kind === 'sequence' && one.owner?.table === table.oid && !hasIdentity(table, one.owner.column)
      ? [{ name: tableSql(one), column: namesOf(table, [one.owner.column])[0] ?? '' }]
      : [],
  )
  return [
    ...sequences.map(({ name }) => `CREATE SEQUENCE ${name}`),
    `CREATE TABLE ${tableSql(table)} (${[...columns, ...constraints].join(', ')})`,
    ...sequences.map(({ name, column }) => `ALTER SEQUENCE ${name} OWNED BY ${tableSql(table)}.${ident(column)}`),
    ...indexes.flatMap((one) => one ?? []),
  ]
}

function hasIdentity(table: Table, column: number): boolean {
  return table.columns.some(({ id, identity }) => id === column && identity !== null)
}

/** A column as CREATE TABLE and ADD COLUMN take it. Null when its type is not known. */
export function columnSql(change: AskedChange, table: Table, column: Column): string | null {
  const type = typeSql(change, column)
  if (type === null || column.generated !== null) return null
  const preset = defaultSql(change, table, column)
  const identity = column.identity === null ? '' : ` GENERATED ${column.identity.toUpperCase()} AS IDENTITY`
  return `${ident(column.name)} ${type}${preset === null ? '' : ` DEFAULT ${preset}`}${identity}${column.notNull ? ' NOT NULL' : ''}`
}

/** Sequences that go when the column goes. */
export function ownedSequences({ relations }: AskedChange, table: Table, column: Column): readonly string[] {
  return relations.flatMap((one) =>
    one.kind === 'sequence' && one.owner?.table === table.oid && one.owner.column === column.id ? [tableSql(one)] : [],
  )
}
