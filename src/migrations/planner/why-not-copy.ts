import type { Column, Table } from '../catalog/types.ts'
import type { AskedChange } from './asked-change.ts'

/** Why a column cannot be replaced by another one beside it: what hangs on it does not move along. Null when nothing does. */
export function whyNotCopy(change: AskedChange, table: Table, column: Column): string | null {
  const name = `${table.name}.${column.name}`
  if (column.type === null) return `no migration says of which type ${name} is: --history FOLDER`
  if (table.isAssumed)
    return `no migration makes ${table.name}, so what hangs on the column is unknown: --history FOLDER`
  if (table.partitionBy !== null || table.parents.length > 0 || hasChildren(change, table))
    return `${table.name} is partitioned or inherits: plan it for each partition by hand`
  if (column.generated !== null || column.identity !== null)
    return `${name} is made by the server (identity or generated): drop that first, in a plan of its own`
  const reader = change.relations.find(
    (one) =>
      (one.kind === 'view' || one.kind === 'materialized-view') &&
      one.reads.includes(table.oid) &&
      one.mentions.some((mention) => mention === column.name || mention === '*'),
  )
  if (reader !== undefined)
    return `the view ${reader.name} reads ${name}: replace it first, and drop it in the contract`
  const foreign = incoming(change, table, column)
  if (foreign !== undefined) return `${foreign} refers to ${name}: drop that foreign key first, in a plan of its own`
  const hard = table.constraints.find((one) => one.kind === 'exclude' && one.columns.includes(column.id))
  return hard === undefined ? null : `${hard.name} excludes by ${name}: it cannot be built without a lock`
}

function hasChildren(change: AskedChange, { oid }: Table): boolean {
  return change.relations.some((one) => one.kind === 'table' && one.parents.includes(oid))
}

/** A foreign key at the primary key or a unique key that the column is part of. */
function incoming(change: AskedChange, table: Table, column: Column): string | undefined {
  const isKey = change.before
    .indexesOf(table.oid)
    .some(({ isUnique, keys }) => isUnique && keys.some((key) => key.column === column.id))
  if (!isKey) return undefined
  for (const one of change.relations) {
    if (one.kind !== 'table') continue
    const found = one.constraints.find(
      ({ kind, references, definition }) =>
        kind === 'foreign-key' && references === table.oid && pointsAt(table, column, definition.split(' ')[3] ?? ''),
    )
    if (found !== undefined) return found.name
  }
  return undefined
}

/** Without a list of columns it is the primary key. */
function pointsAt(table: Table, column: Column, list: string): boolean {
  if (list !== '') return list.split(',').includes(column.name)
  return table.constraints.some(({ kind, columns }) => kind === 'primary-key' && columns.includes(column.id))
}
