import type { Column, Table } from '../../catalog/types.ts'
import { type AskedChange, changeOf, columnNamed, type Planner } from '../asked-change.ts'
import { type ColumnCopy, copyColumn } from '../copy-column.ts'
import { defaultSql, ownedSequences, typeSql } from '../describe-table.ts'
import { ident, tableSql } from '../names.ts'
import { backfillHint, backfillOf, deploy, marker, type PlannedFile, together } from '../sequence.ts'
import { bothWays, refuseUnlessDone, type SyncTrigger } from '../sync-trigger.ts'
import { whyNotCopy } from '../why-not-copy.ts'

/** Row 3: a second column under the new name, both kept equal by a trigger, until nobody knows the old one. */
export const planRenameColumn: Planner = (change) => {
  const found = changeOf(change, 'rename-column')
  if (found === undefined) return null
  const { table, column, toName } = found
  const why =
    whyNotCopy(change, table, column) ??
    (columnNamed(table, toName) === undefined ? null : `${toName} is there already`)
  if (why !== null) return { noWay: why }
  const [on, was, is] = [`ALTER TABLE ${tableSql(table)}`, ident(column.name), ident(toName)]
  const label = `${table.name}_${toName}`
  const copy = copyColumn(change, table, column, toName)
  const sync = bothWays(table, column.name, toName)
  const type = typeSql(change, column) ?? ''
  const different = `${is} IS DISTINCT FROM ${was}`
  return {
    stages: [
      deploy(
        'expand',
        `Nothing new: ${column.name} is read and written as before.`,
        together(
          `add_${label}`,
          [`${on} ADD COLUMN ${is} ${type}`, ...copy.expand, ...sync.create],
          [...sync.drop, `${on} DROP COLUMN ${is}`],
        ),
        copy.indexFiles,
      ),
      backfillOf(
        `fill_${label}`,
        `UPDATE ${tableSql(table)} SET ${is} = ${was} WHERE ${different}`,
        `Copies ${column.name} to ${toName} in the rows that were there before.`,
      ),
      deploy(
        'switch',
        `Read and write ${toName}; name ${column.name} nowhere.`,
        copy.validateFiles.length === 0 ? [marker(`use_${label}`)] : copy.validateFiles,
      ),
      deploy('contract', 'Nothing new.', dropFile(change, { table, column, to: toName, different, copy, sync })),
    ],
    notes: [
      `${toName} stands last in the table, not where ${column.name} stood: name the columns of INSERT and SELECT.`,
    ],
  }
}

interface DropAsk {
  readonly table: Table
  readonly column: Column
  readonly to: string
  readonly different: string
  readonly copy: ColumnCopy
  readonly sync: SyncTrigger
}

function dropFile(change: AskedChange, { table, column, to, different, copy, sync }: DropAsk): PlannedFile {
  const [on, was, is] = [`ALTER TABLE ${tableSql(table)}`, ident(column.name), ident(to)]
  const preset = defaultSql(change, table, column)
  const setDefault = (name: string) => (preset === null ? [] : [`${on} ALTER COLUMN ${name} SET DEFAULT ${preset}`])
  // A sequence goes with the column that owns it.
  const own = (name: string) =>
    ownedSequences(change, table, column).map((one) => `ALTER SEQUENCE ${one} OWNED BY ${tableSql(table)}.${name}`)
  return together(
    `drop_${table.name}_${column.name}`,
    [
      refuseUnlessDone(table, different, backfillHint({ what: `fill_${table.name}_${to}` })),
      ...sync.drop,
      ...own(is),
      ...copy.release,
      `${on} DROP COLUMN ${was}`,
      ...setDefault(is),
      ...copy.settle,
    ],
    [
      ...copy.unsettle,
      ...(preset === null ? [] : [`${on} ALTER COLUMN ${is} DROP DEFAULT`]),
      `${on} ADD COLUMN ${was} ${typeSql(change, column) ?? ''}`,
      `UPDATE ${tableSql(table)} SET ${was} = ${is} WHERE true`,
      ...setDefault(was),
      ...(column.notNull ? [`${on} ALTER COLUMN ${was} SET NOT NULL`] : []),
      ...own(was),
      ...copy.restore,
      ...sync.create,
    ],
  )
}
