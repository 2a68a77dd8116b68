import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { usageError } from '../../domain/errors.ts'
import { quote } from '../../domain/ids.ts'
import { detectLayout, type LayoutGuess } from '../../migrations/layout/detect-layout.ts'
import { LAYOUTS, type Layout, type LayoutName } from '../../migrations/layout/layouts.ts'
import { orderMigrations } from '../../migrations/layout/order.ts'
import type { RunnerTransaction } from '../../migrations/replay/sent-as.ts'

const MAX_FILES = 50_000
const HEAD_BYTES = 4_096

/** The migrations of one folder, in the order in which its runner applies them. */
export interface MigrationSet {
  /** Absolute. */
  readonly root: string
  readonly layout: Layout
  readonly guess: LayoutGuess
  /** From `root`, with `/`. */
  readonly paths: readonly string[]
  /** Those that were named one by one; null when the folder was. */
  readonly named: ReadonlySet<string> | null
  /** Every file below the root, down migrations too. */
  readonly others: ReadonlySet<string>
}

/** Finds the sets that the paths belong to: a folder is one, a file belongs to its folder's. */
export function findMigrations(
  cwd: string,
  paths: readonly string[],
  layout: LayoutName | null,
): readonly MigrationSet[] {
  const roots = new Map<string, Set<string> | null>()
  for (const path of paths) {
    const absolute = resolve(cwd, path)
    const stat = statSync(absolute, { throwIfNoEntry: false })
    if (stat === undefined) {
      throw usageError(`there is no ${quote(path)}`, { code: 'no-migrations', hint: 'backflip migrations lint FOLDER' })
    }
    if (stat.isDirectory()) roots.set(absolute, null)
    else {
      const root = /^(migration|up)\.sql$/.test(absolute.slice(absolute.lastIndexOf(sep) + 1))
        ? dirname(dirname(absolute))
        : dirname(absolute)
      const named = roots.get(root)
      if (named === undefined) roots.set(root, new Set([slashes(relative(root, absolute))]))
      else named?.add(slashes(relative(root, absolute)))
    }
  }
  return [...roots].map(([root, named]) => readSet(root, named, layout))
}

/** What a person said about how files are sent, or what diesel keeps beside a migration; null: what the layout says. */
export function toldTransaction(
  { root, layout, others }: MigrationSet,
  path: string,
  asked: RunnerTransaction | null,
): RunnerTransaction | null {
  const beside = path.replace(/[^/]*$/, 'metadata.toml')
  if (layout.name !== 'diesel' || !others.has(beside)) return asked
  return /^\s*run_in_transaction\s*=\s*false\b/m.test(head(join(root, beside))) ? 'statement' : asked
}

function readSet(root: string, named: ReadonlySet<string> | null, forced: LayoutName | null): MigrationSet {
  const found = listFiles(root)
  const guess =
    forced === null ? detectLayout(found, (path) => head(join(root, path))) : { name: forced, because: '--layout' }
  const layout = LAYOUTS[guess.name]
  const ordered = orderMigrations(layout, found)
  const others = new Set(found)
  if (named === null) return { root, layout, guess, paths: ordered, named, others }
  // A plain folder may hold anything: only numbered files are each other's history.
  const isHistory = layout.name !== 'plain' || ordered.every((path) => /(^|\/)\d{3,}[_-][^/]*$/.test(path))
  const last = Math.max(...[...named].map((path) => ordered.indexOf(path)))
  const paths = isHistory && last >= 0 ? ordered.slice(0, last + 1) : []
  return {
    root,
    layout,
    guess,
    paths: [...paths, ...[...named].filter((path) => !paths.includes(path))],
    named,
    others,
  }
}

function slashes(path: string): string {
  return sep === '/' ? path : path.split(sep).join('/')
}

function listFiles(root: string): readonly string[] {
  const found: string[] = []
  const visit = (folder: string, prefix: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.name.startsWith('.') || entry.name === 'node_modules') continue
      if (entry.isDirectory()) visit(join(folder, entry.name), `${prefix}${entry.name}/`)
      else if (entry.isFile() || entry.isSymbolicLink()) found.push(`${prefix}${entry.name}`)
      if (found.length > MAX_FILES) {
        throw usageError(`${quote(root)} holds more than ${MAX_FILES} files`, {
          code: 'too-many-migrations',
          hint: 'name the folder of the migrations',
        })
      }
    }
  }
  visit(root, '')
  return found
}

function head(file: string): string {
  try {
    return readFileSync(file, 'utf8').slice(0, HEAD_BYTES)
  } catch (error) {
    // What cannot be read is said when it is judged.
    if ((error as NodeJS.ErrnoException).code === undefined) throw error
    return ''
  }
}
