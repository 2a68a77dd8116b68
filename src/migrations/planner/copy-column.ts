import type { Column, Table } from '../catalog/types.ts'
import { indexUses } from '../replay/rename-in-expressions.ts'
import type { AskedChange } from './asked-change.ts'
import { constraintSql, indexSql } from './describe-table.ts'
import { dropIndexSql, ident, madeName, tableSql } from './names.ts'
import { alone, type PlannedFile, together } from './sequence.ts'

/** What hangs on a column and is made once more for the one beside it. Every `up` comes with the statement that undoes it. */
export interface ColumnCopy {
  /** With ADD COLUMN, before any row has a value: NOT VALID, so that nothing is read. */
  readonly expand: readonly string[]
  /** One file each: they take no transaction. */
  readonly indexFiles: readonly PlannedFile[]
  /** After the backfill. */
  readonly validateFiles: readonly PlannedFile[]
  /** In the contract, before the old column goes or changes its place: what holds the old names is taken away. */
  readonly release: readonly string[]
  /** In the contract, afterwards: NOT NULL, keys, and the names that the old ones had. */
  readonly settle: readonly string[]
  /** The same, backwards. */
  readonly unsettle: readonly string[]
  /** The old column's own, once more. */
  readonly restore: readonly string[]
}

type Part = Partial<ColumnCopy>

export function copyColumn(change: AskedChange, table: Table, column: Column, to: string): ColumnCopy {
  const ask = { change, table, column, to }
  const parts = [presence(ask), ...keysAndChecks(ask), ...indexes(ask)]
  return {
    expand: parts.flatMap((one) => one.expand ?? []),
    indexFiles: parts.flatMap((one) => one.indexFiles ?? []),
    validateFiles: parts.flatMap((one) => one.validateFiles ?? []),
    release: parts.flatMap((one) => one.release ?? []),
    settle: parts.flatMap((one) => one.settle ?? []),
    unsettle: parts.toReversed().flatMap((one) => one.unsettle ?? []),
    restore: parts.flatMap((one) => one.restore ?? []),
  }
}

interface CopyAsk {
  readonly change: AskedChange
  readonly table: Table
  readonly column: Column
  readonly to: string
}

/** NOT NULL by way of a CHECK. The trigger gives every touched row its value, so no write of an old release meets it without one. */
function presence({ table, column, to }: CopyAsk): Part {
  if (!column.notNull) return {}
  const on = `ALTER TABLE ${tableSql(table)}`
  const check = ident(madeName(table.name, to, 'present'))
  const add = `${on} ADD CONSTRAINT ${check} CHECK (${ident(to)} IS NOT NULL) NOT VALID`
  const drop = `${on} DROP CONSTRAINT ${check}`
  return {
    expand: [add],
    validateFiles: [together(`validate_${table.name}_${to}`, [`${on} VALIDATE CONSTRAINT ${check}`], [drop, add])],
    settle: [`${on} ALTER COLUMN ${ident(to)} SET NOT NULL`, drop],
    unsettle: [add.replace(/ NOT VALID$/, ''), `${on} ALTER COLUMN ${ident(to)} DROP NOT NULL`],
  }
}

function keysAndChecks({ change, table, column, to }: CopyAsk): readonly Part[] {
  const renamed = { from: column.name, to }
  return table.constraints
    .filter(({ columns }) => columns.includes(column.id))
    .map((one): Part => {
      const sql = constraintSql(change, table, one, renamed)
      const old = constraintSql(change, table, one)
      if (sql === null || old === null || one.kind === 'not-null') return {}
      const [on, name, beside] = [`ALTER TABLE ${tableSql(table)}`, ident(one.name), ident(madeName(one.name, 'new'))]
      const drop = `${on} DROP CONSTRAINT ${name}`
      if (one.kind === 'unique' || one.kind === 'primary-key') {
        const kind = one.kind === 'unique' ? 'UNIQUE' : 'PRIMARY KEY'
        const columns = sql.slice(sql.indexOf('('))
        const nulls = sql.includes('NULLS NOT DISTINCT') ? ' NULLS NOT DISTINCT' : ''
        const build = (how: string) => `CREATE UNIQUE INDEX${how} ${beside} ON ${tableSql(table)} ${columns}${nulls}`
        return {
          indexFiles: [
            alone(
              `index_${madeName(one.name, 'new')}`,
              build(' CONCURRENTLY'),
              dropIndexSql({ ...table, name: madeName(one.name, 'new') }),
            ),
          ],
          release: [drop],
          settle: [`${on} ADD CONSTRAINT ${name} ${kind} USING INDEX ${beside}`],
          unsettle: [drop, build('')],
          restore: [`${on} ADD CONSTRAINT ${name} ${old}`],
        }
      }
      const add = `${on} ADD CONSTRAINT ${beside} ${sql} NOT VALID`
      const dropBeside = `${on} DROP CONSTRAINT ${beside}`
      return {
        expand: [add],
        ...(one.isValid
          ? {
              validateFiles: [
                together(`validate_${one.name}`, [`${on} VALIDATE CONSTRAINT ${beside}`], [dropBeside, add]),
              ],
            }
          : {}),
        release: [drop],
        settle: [`${on} RENAME CONSTRAINT ${beside} TO ${name}`],
        unsettle: [`${on} RENAME CONSTRAINT ${name} TO ${beside}`],
        restore: [`${on} ADD CONSTRAINT ${name} ${old}${one.isValid ? '' : ' NOT VALID'}`],
      }
    })
}

function indexes({ change, table, column, to }: CopyAsk): readonly Part[] {
  return change.before
    .indexesOf(table.oid)
    .filter((one) => one.constraint === null && indexUses(one, column))
    .map((one): Part => {
      const beside = madeName(one.name, 'new')
      const renamed = { from: column.name, to }
      const sql = indexSql(change, table, one, { name: beside, isConcurrent: true, renamed })
      const old = indexSql(change, table, one, { name: one.name, isConcurrent: false })
      if (sql === null || old === null) return {}
      const named = (name: string) => tableSql({ ...table, name })
      return {
        indexFiles: [alone(`index_${beside}`, sql, dropIndexSql({ ...table, name: beside }))],
        release: [`DROP INDEX ${named(one.name)}`],
        settle: [`ALTER INDEX ${named(beside)} RENAME TO ${ident(one.name)}`],
        unsettle: [`ALTER INDEX ${named(one.name)} RENAME TO ${ident(beside)}`],
        restore: [old],
      }
    })
}
