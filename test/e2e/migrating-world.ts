import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RealWorld, realWorld } from '../crash/real/world.ts'

/** The SHA to publish with the migration that drops a column which R1 may use. */
export const DROPS = 'd'.repeat(40)

export interface MigratingWorld extends RealWorld {
  /** Who ran the stand-in's migrations, in order. */
  readonly migrated: () => readonly string[]
}

/** A real world whose releases carry migrations. Its R1 creates a table; what is published next drops a column of it, and has the inverse. */
export async function migratingWorld(environment: readonly string[] = []): Promise<MigratingWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'bf-migrations-'))
  const migrations = join(folder, 'migrations')
  const log = join(folder, 'migrated')
  // A stand-in for a migrator: it writes down who migrated.
  const migrator = `require('node:fs').appendFileSync('${log}', process.env.BACKFLIP_SHA + String.fromCharCode(10))`
  mkdirSync(migrations)
  writeFileSync(join(migrations, '0001_users.up.sql'), 'CREATE TABLE users (id bigint, nick text);\n')
  writeFileSync(join(folder, 'back.sql'), 'ALTER TABLE users ADD COLUMN nick text;\n')
  const world = await realWorld({
    folder,
    app: [
      `migrate: { component: web, command: [node, -e, ${JSON.stringify(migrator)}], files: ./migrations, layout: golang-migrate }`,
    ],
    environment,
  })
  writeFileSync(join(migrations, '0002_drop_nick.up.sql'), 'SELECT 1;\nALTER TABLE users DROP COLUMN nick;\n')
  writeFileSync(join(migrations, '0002_drop_nick.down.sql'), 'ALTER TABLE users ADD COLUMN nick text;\n')
  return {
    ...world,
    migrated: () => readFileSync(log, 'utf8').trim().split('\n'),
    async close() {
      await world.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
