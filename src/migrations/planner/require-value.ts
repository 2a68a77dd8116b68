import type { Table } from '../catalog/types.ts'
import type { AskedChange } from './asked-change.ts'
import { ident, madeName, tableSql } from './names.ts'
import { type DeployStage, deploy, together } from './sequence.ts'
import { refuseUnlessDone } from './sync-trigger.ts'

/** Each partition is looked at, and a CHECK of the parent's is no proof to us. Null: it can be required. */
export function whyNotRequire(
  { relations }: AskedChange,
  { oid, name, isAssumed }: Table,
  column: string,
): string | null {
  const isOpen = relations.some((one) => {
    if (one.kind !== 'table' || !one.parents.includes(oid)) return false
    const before = one.columns.find((each) => each.name === column)
    return before?.notNull !== true
  })
  if (isAssumed || !isOpen) return null
  return `${name} has partitions or children: add the column without NOT NULL, plan SET NOT NULL for each of them, then for ${name}`
}

/**
 * NOT NULL without a scan under an exclusive lock: a CHECK for what is written from now on, then VALIDATE beside the traffic, then SET NOT NULL, which
 * the valid CHECK proves (research/migrations.md §2, row 9). A CHECK that is not valid yet refuses every UPDATE of a row without a value, whoever
 * makes it: it comes only when there is none.
 */
export function requireValue(
  table: Table,
  column: string,
  hint: string,
  last: { readonly up: readonly string[]; readonly down: readonly string[] } = { up: [], down: [] },
): DeployStage {
  const [on, name, label] = [`ALTER TABLE ${tableSql(table)}`, ident(column), `${table.name}_${column}`]
  const check = ident(madeName(table.name, column, 'present'))
  const add = `${on} ADD CONSTRAINT ${check} CHECK (${name} IS NOT NULL) NOT VALID`
  const drop = `${on} DROP CONSTRAINT ${check}`
  return deploy(
    'contract',
    `Nothing new. Every release that may come back writes ${table.name}.${column}.`,
    together(`check_${label}`, [refuseUnlessDone(table, `${name} IS NULL`, hint), add], [drop]),
    together(`validate_${label}`, [`${on} VALIDATE CONSTRAINT ${check}`], [drop, add]),
    together(
      `require_${label}`,
      [`${on} ALTER COLUMN ${name} SET NOT NULL`, drop, ...last.up],
      [...last.down, add, `${on} ALTER COLUMN ${name} DROP NOT NULL`],
    ),
  )
}
