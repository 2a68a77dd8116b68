import type { Table } from '../catalog/types.ts'
import { besideTable, ident, madeName, tableSql } from './names.ts'

/** A trigger that keeps two columns equal while releases of both kinds write. */
export interface SyncTrigger {
  readonly create: readonly string[]
  readonly drop: readonly string[]
}

/** Triggers fire by name: one that changes the column before ours must have done so. */
const LAST = 'zz'

function syncTrigger(table: Table, name: string, body: readonly string[]): SyncTrigger {
  const made = madeName(LAST, table.name, name)
  const fn = `${besideTable(table, made)}()`
  return {
    create: [
      `CREATE FUNCTION ${fn} RETURNS trigger LANGUAGE plpgsql AS $sync$\nBEGIN\n${body.map((line) => `  ${line}`).join('\n')}\n  RETURN new;\nEND\n$sync$`,
      `CREATE TRIGGER ${ident(made)} BEFORE INSERT OR UPDATE ON ${tableSql(table)} FOR EACH ROW EXECUTE FUNCTION ${fn}`,
    ],
    drop: [`DROP TRIGGER ${ident(made)} ON ${tableSql(table)}`, `DROP FUNCTION ${fn}`],
  }
}

/**
 * Both names are written, each by the releases that know it. Whoever changed one of them is followed; a row that was there before gets its copy at
 * its first touch, so that nothing that requires it refuses an older release's UPDATE.
 */
export function bothWays(table: Table, from: string, to: string): SyncTrigger {
  const [was, is] = [ident(from), ident(to)]
  return syncTrigger(table, `${to}_sync`, [
    `IF TG_OP = 'UPDATE' AND new.${is} IS DISTINCT FROM old.${is} THEN new.${was} := new.${is};`,
    `ELSIF TG_OP = 'UPDATE' AND new.${was} IS DISTINCT FROM old.${was} THEN new.${is} := new.${was};`,
    `ELSIF new.${is} IS NOT NULL AND TG_OP = 'INSERT' THEN new.${was} := new.${is};`,
    `ELSE new.${is} := new.${was}; END IF;`,
  ])
}

/** Only the old one is written. */
export function oneWay(table: Table, name: string, to: string, value: string): SyncTrigger {
  return syncTrigger(table, name, [`new.${ident(to)} := ${value};`])
}

/** A value of the new type that the old one cannot hold becomes NULL there, and the write goes on. */
export function whereItFits(table: Table, name: string, to: string, value: string): SyncTrigger {
  return syncTrigger(table, name, [
    'BEGIN',
    `  new.${ident(to)} := ${value};`,
    `EXCEPTION WHEN data_exception THEN new.${ident(to)} := NULL;`,
    'END;',
  ])
}

/** A contract that comes before its backfill is done would lose values: it refuses by itself, whoever runs it. */
export function refuseUnlessDone(table: Table, condition: string, hint: string): string {
  const text = `rows of ${table.name} are not filled yet: ${hint}`.replaceAll("'", "''").replaceAll('%', '%%')
  return `DO $guard$\nBEGIN\n  IF EXISTS (SELECT FROM ${tableSql(table)} WHERE ${condition}) THEN\n    RAISE EXCEPTION '${text}';\n  END IF;\nEND\n$guard$`
}
