import type { Table } from '../catalog/types.ts'
import { ident, madeName, tableSql } from './names.ts'
import { type BackfillStage, type DeployStage, deploy, together } from './sequence.ts'

/**
 * NOT NULL without a scan under an exclusive lock: a CHECK for what is written from now on, then VALIDATE beside the traffic, then SET NOT NULL, which
 * the valid CHECK proves (research/migrations.md §2, row 9). `sweep` fills what came in before the CHECK was there.
 */
export function requireValue(
  table: Table,
  column: string,
  sweep: BackfillStage | null,
  last: { readonly up: readonly string[]; readonly down: readonly string[] } = { up: [], down: [] },
): readonly (DeployStage | BackfillStage)[] {
  const [on, name] = [`ALTER TABLE ${tableSql(table)}`, ident(column)]
  const check = ident(madeName(table.name, column, 'present'))
  const add = `${on} ADD CONSTRAINT ${check} CHECK (${name} IS NOT NULL) NOT VALID`
  const drop = `${on} DROP CONSTRAINT ${check}`
  return [
    deploy(
      'contract',
      `Nothing new. Every release that may come back writes ${table.name}.${column}.`,
      together(`check_${table.name}_${column}`, [add], [drop]),
    ),
    ...(sweep === null ? [] : [sweep]),
    deploy(
      'contract',
      'Nothing new.',
      together(`validate_${table.name}_${column}`, [`${on} VALIDATE CONSTRAINT ${check}`], [drop, add]),
      together(
        `require_${table.name}_${column}`,
        [`${on} ALTER COLUMN ${name} SET NOT NULL`, drop, ...last.up],
        [...last.down, add, `${on} ALTER COLUMN ${name} DROP NOT NULL`],
      ),
    ),
  ]
}
