import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { usageError } from '../../../domain/errors.ts'
import type { ReplayFile } from '../../../migrations/compatibility/replay-files.ts'
import { inversePathOf, inverseTextOf } from '../../../migrations/layout/inverse.ts'
import type { LayoutName } from '../../../migrations/layout/layouts.ts'
import { readMigration } from '../../../migrations/layout/read-migration.ts'
import type { RunnerTransaction } from '../../../migrations/replay/sent-as.ts'
import { choosePending, shownPath } from '../choose-pending.ts'
import { findMigrations, type MigrationSet, toldTransaction } from '../find-migrations.ts'
import { sqlFile } from '../read-history.ts'
import type { CheckSubject, SubjectRelease } from './check-subject.ts'

export interface FolderAsk {
  readonly cwd: string
  readonly paths: readonly string[]
  /** A git commit, or the name of the last applied migration; null: the files that are named. */
  readonly since: string | null
  readonly layout: LayoutName | null
  readonly transaction: RunnerTransaction | null
  /** What the releases before ask; all of them were written for the history. */
  readonly usages: readonly { readonly name: string; readonly usage: SubjectRelease['usage'] }[]
}

/** A folder of migrations, of which the last are pending. Errors `no-migrations` and `no-pending` (kind `usage`). */
export async function subjectOfFolder(ask: FolderAsk): Promise<CheckSubject> {
  const [set, other] = findMigrations(ask.cwd, ask.paths, ask.layout)
  if (set === undefined || other !== undefined)
    throw usageError('one folder of migrations is checked at a time', {
      code: 'no-migrations',
      hint: 'backflip migrations check FOLDER --since BASELINE',
    })
  if (ask.since === null && set.named === null)
    throw usageError('which of them are applied already?', {
      code: 'no-pending',
      hint: 'backflip migrations check FOLDER --since COMMIT-OR-MIGRATION, or name the pending files',
    })
  const { paths } = await choosePending(set, ask.since, false)
  const first = set.paths.findIndex((path) => paths.has(path))
  if (first < 0)
    throw usageError('nothing is pending', { code: 'no-pending', hint: 'backflip migrations lint FOLDER --since …' })
  // What sorts behind the first pending one and is applied already was applied before it.
  const history = set.paths.filter((path) => !paths.has(path)).map((path) => readUp(ask, set, path))
  const pending = set.paths
    .filter((path) => paths.has(path))
    .map((path) => ({ file: readUp(ask, set, path), inverse: readInverse(ask, set, path) }))
  const since = pending.map(({ file }) => file)
  const known = ask.usages.length > 0 ? ask.usages : [{ name: 'the previous release', usage: null }]
  return { history, pending, releases: known.map((one) => ({ ...one, base: history, since })) }
}

function readUp({ cwd, transaction }: FolderAsk, set: MigrationSet, path: string): ReplayFile {
  const text = readFileSync(join(set.root, path), 'utf8')
  return {
    name: set.layout.nameOf(path),
    path: shownPath(cwd, set, path),
    text,
    ...readMigration(set.layout, text, toldTransaction(set, path, transaction)),
  }
}

/** Sent as its runner sends it: one transaction, unless the file says otherwise. */
function readInverse({ cwd, transaction }: FolderAsk, set: MigrationSet, path: string): ReplayFile | null {
  const inverse = inversePathOf(set.layout, path)
  if (inverse === null || !existsSync(join(set.root, inverse))) return null
  if (inverse !== path && !set.others.has(inverse)) return null
  const text = readFileSync(join(set.root, inverse), 'utf8')
  const down = inverseTextOf(set.layout, text)
  if (down === null) return null
  const told = toldTransaction(set, path, transaction)
  const how = readMigration({ ...set.layout, sections: null }, text, told).transaction
  return { ...sqlFile(shownPath(cwd, set, inverse), down), transaction: how }
}
