import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { usageError } from '../domain/errors.ts'
import { sha256Hex } from '../lib/sha256.ts'
import { LAYOUT_NAMES } from '../migrations/layout/layouts.ts'
import { chooseRules } from '../operations/migrations/choose-rules.ts'
import { type LintCache, lintCacheIn } from '../operations/migrations/lint-cache.ts'
import { lintMigrations } from '../operations/migrations/lint-migrations.ts'
import type { CommandInput } from './define-command.ts'
import { EXIT } from './exit-codes.ts'
import { oneOf, parseMajor } from './migration-options.ts'
import { explainRule } from './render/lint/explain.ts'
import { renderLint } from './render/lint/render.ts'
import { painter } from './render/style.ts'

interface LintOptions {
  readonly since?: string
  readonly all?: boolean
  readonly format?: string
  readonly rules?: string
  readonly notes?: boolean
  readonly layout?: string
  readonly transaction?: string
  readonly postgres?: string
  readonly timeZone?: string
  readonly explain?: string
  readonly fresh?: boolean
}

const FORMATS = ['text', 'json', 'sarif', 'github', 'gitlab', 'markdown'] as const

const TRANSACTIONS = ['file', 'statement', 'unknown'] as const

export async function lint({ args, io, options }: CommandInput): Promise<number> {
  const asked = options as LintOptions
  if (asked.explain !== undefined) {
    io.out(explainRule(asked.explain))
    return EXIT.done
  }
  if (args.length === 0) {
    throw usageError('which migrations?', { code: 'no-migrations', hint: 'backflip migrations lint FOLDER' })
  }
  const format = oneOf(options.json === true ? 'json' : (asked.format ?? 'text'), FORMATS, '--format')
  const outcome = await lintMigrations({
    cwd: io.cwd,
    paths: args,
    since: asked.since ?? null,
    all: asked.all === true,
    layout: asked.layout === undefined ? null : oneOf(asked.layout, LAYOUT_NAMES, '--layout'),
    transaction: asked.transaction === undefined ? null : oneOf(asked.transaction, TRANSACTIONS, '--transaction'),
    server: { major: parseMajor(asked.postgres ?? '18'), timeZone: asked.timeZone ?? 'UTC' },
    rules: chooseRules(asked.rules ?? ''),
    today: new Date().toISOString().slice(0, 10),
    ...cacheFor(io, asked.fresh === true),
  })
  io.out(renderLint(outcome, format, painter(io.useColor), asked.notes === true))
  return outcome.report.summary.block > 0 ? EXIT.refused : EXIT.done
}

/** Only the bundle has a version to believe: its own bytes. From source, every run is a fresh one. */
function cacheFor(
  { variables }: CommandInput['io'],
  isFresh: boolean,
): { readonly cache: LintCache | null; readonly version: string } {
  const self = new URL(import.meta.url)
  const home = variables.XDG_CACHE_HOME ?? (variables.HOME === undefined ? undefined : join(variables.HOME, '.cache'))
  if (isFresh || self.pathname.endsWith('.ts') || home === undefined || home === '')
    return { cache: null, version: 'source' }
  return { cache: lintCacheIn(join(home, 'backflip', 'lint')), version: sha256Hex(readFileSync(self)) }
}
