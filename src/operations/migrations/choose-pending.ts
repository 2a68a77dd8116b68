import { join, relative } from 'node:path'
import { usageError } from '../../domain/errors.ts'
import { quote } from '../../domain/ids.ts'
import { suggest } from '../../lib/suggest.ts'
import type { MigrationSet } from './find-migrations.ts'

/** Which files of a set are judged, and whether they are one deploy. */
export interface Pending {
  readonly paths: ReadonlySet<string>
  readonly deploys: 'each' | 'together'
  /** Files of the history that were edited since: the database has what they said before. */
  readonly edited: ReadonlySet<string>
}

/**
 * `all`: each file is a deploy of its own. `since`: a git commit, or the last migration that is applied; what came after is one deploy. Neither:
 * the files that were named are one deploy, and of a whole folder each file is.
 */
export async function choosePending(set: MigrationSet, since: string | null, all: boolean): Promise<Pending> {
  const none = new Set<string>()
  if (all) return { paths: new Set(set.named ?? set.paths), deploys: 'each', edited: none }
  if (since !== null) return sinceName(set, since) ?? sinceCommit(set, since)
  return { paths: new Set(set.named ?? set.paths), deploys: set.named === null ? 'each' : 'together', edited: none }
}

function sinceName(set: MigrationSet, since: string): Pending | null {
  const at = set.paths.findIndex(
    (path) => path === since || set.layout.nameOf(path) === since || path.endsWith(`/${since}`),
  )
  return at < 0 ? null : { paths: new Set(set.paths.slice(at + 1)), deploys: 'together', edited: new Set() }
}

const GIT_TIMEOUT_MS = 20_000
const GIT_OUTPUT_BYTES = 8 * 1024 * 1024

async function sinceCommit(set: MigrationSet, since: string): Promise<Pending> {
  const unknown = (cause: unknown) =>
    usageError(`${quote(since)} is neither a migration of ${quote(set.root)} nor a commit`, {
      code: 'unknown-baseline',
      place: { flag: '--since' },
      hint: hintFor(set, since),
      cause,
    })
  if (!/^[\w./@{}~^-]{1,200}$/.test(since) || since.startsWith('-')) throw unknown(undefined)
  // Loaded here: whoever needs no git need not wait for it.
  const { execFileSync } = await import('node:child_process')
  const git = gitIn(execFileSync, set.root, unknown)
  const changed = (filter: string) =>
    git(['diff', '--name-only', '--relative', `--diff-filter=${filter}`, '-z', since, '--', '.'])
  const untracked = git(['ls-files', '--others', '--exclude-standard', '-z', '--', '.'])
  return { paths: new Set([...changed('ACR'), ...untracked]), deploys: 'together', edited: new Set(changed('M')) }
}

type Run = typeof import('node:child_process').execFileSync

function gitIn(
  run: Run,
  root: string,
  fail: (cause: unknown) => Error,
): (args: readonly string[]) => readonly string[] {
  return (args) => {
    try {
      const out = run('git', ['-C', root, ...args], {
        encoding: 'utf8',
        timeout: GIT_TIMEOUT_MS,
        maxBuffer: GIT_OUTPUT_BYTES,
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      return out.split('\0').filter((path) => path !== '')
    } catch (error) {
      throw fail(error)
    }
  }
}

function hintFor(set: MigrationSet, since: string): string {
  const near = suggest(since, set.paths.map(set.layout.nameOf))
  return near === null
    ? 'backflip migrations lint FOLDER --since COMMIT'
    : `backflip migrations lint FOLDER --since ${near}`
}

export function shownPath(cwd: string, set: MigrationSet, path: string): string {
  const shown = relative(cwd, join(set.root, path))
  return shown.startsWith('..') ? join(set.root, path) : shown
}
