import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { MigrationFilesConfig } from '../../config/types.ts'
import { usageError } from '../../domain/errors.ts'
import { quote } from '../../domain/ids.ts'
import type { CarriedMigration } from '../../domain/release.ts'
import { MAX_MIGRATIONS } from '../../lib/manifest.ts'
import { sha256Hex } from '../../lib/sha256.ts'
import { inversePathOf } from '../../migrations/layout/inverse.ts'
import { LAYOUT_NAMES } from '../../migrations/layout/layouts.ts'
import { MAX_FILE_BYTES } from '../../migrations/sql/parser.ts'
import { findMigrations } from './find-migrations.ts'

const MAX_TOTAL_BYTES = 32 * 1024 * 1024

export interface CollectedMigrations {
  /** In the order in which their runner applies them. */
  readonly migrations: readonly CarriedMigration[]
  readonly layout: string
}

/** Finds a release's migrations and copies them, with their inverses and nothing else, into `stage`: that folder is packed. */
export async function collectMigrations(config: MigrationFilesConfig, stage: string): Promise<CollectedMigrations> {
  const layout = config.layout === null ? null : LAYOUT_NAMES.find((one) => one === config.layout)
  if (layout === undefined)
    throw usageError(`${quote(config.layout ?? '')} is no layout of migrations`, {
      code: 'unknown-layout',
      place: { flag: 'migrate.layout' },
      details: [LAYOUT_NAMES.join(', ')],
    })
  const [set] = findMigrations('/', [config.folder], layout)
  if (set === undefined) throw new Error('one folder is one set of migrations')
  if (set.paths.length > MAX_MIGRATIONS)
    throw usageError(
      `${config.folder} holds ${set.paths.length} migrations, and a release carries at most ${MAX_MIGRATIONS}`,
      {
        code: 'too-many-migrations',
        place: { flag: 'migrate.files' },
        hint: 'squash those that every environment has',
      },
    )
  await mkdir(stage, { recursive: true })
  const copied = copier(config.folder, stage)
  const migrations: CarriedMigration[] = []
  for (const path of set.paths) {
    migrations.push({ name: set.layout.nameOf(path), path, sha256: await copied(path) })
    const inverse = inversePathOf(set.layout, path)
    if (inverse !== null && inverse !== path && set.others.has(inverse)) await copied(inverse)
  }
  return { migrations, layout: set.layout.name }
}

/** Copies a file and answers with its digest, within the limits of one file and of all. */
function copier(root: string, stage: string): (path: string) => Promise<string> {
  let totalBytes = 0
  return async (path) => {
    const { size } = await stat(join(root, path))
    totalBytes += size
    if (size > MAX_FILE_BYTES || totalBytes > MAX_TOTAL_BYTES)
      throw usageError(
        size > MAX_FILE_BYTES
          ? `the migration ${path} has ${size} bytes, and at most ${MAX_FILE_BYTES} are read`
          : `the migrations of ${root} have more than ${MAX_TOTAL_BYTES} bytes altogether`,
        { code: 'migrations-too-large', place: { flag: 'migrate.files' }, hint: 'load data outside of migrations' },
      )
    const bytes = await readFile(join(root, path))
    await mkdir(dirname(join(stage, path)), { recursive: true })
    await writeFile(join(stage, path), bytes)
    return sha256Hex(bytes)
  }
}
