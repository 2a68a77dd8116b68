import { readFileSync, statSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { composeShadow } from '../compose.ts'
import type { Config } from '../config/types.ts'
import { parseUsage } from '../domain/compatibility/usage.ts'
import { usageError } from '../domain/errors.ts'
import { parseSha } from '../domain/ids.ts'
import { secretResolver } from '../lib/secrets.ts'
import { LAYOUT_NAMES } from '../migrations/layout/layouts.ts'
import { loadParser } from '../migrations/sql/parser.ts'
import type { CheckSubject } from '../operations/migrations/check/check-subject.ts'
import { runCheck } from '../operations/migrations/check/run-check.ts'
import { subjectOfFolder } from '../operations/migrations/check/subject-of-folder.ts'
import { subjectOfRelease } from '../operations/migrations/check/subject-of-release.ts'
import type { CommandInput } from './define-command.ts'
import { EXIT } from './exit-codes.ts'
import { oneOf, parseMajor } from './migration-options.ts'
import { renderCheck } from './render/check.ts'
import { painter } from './render/style.ts'

interface CheckOptions {
  readonly since?: string
  readonly release?: string
  readonly usage?: string
  readonly layout?: string
  readonly transaction?: string
  readonly postgres?: string
  readonly timeZone?: string
  readonly dsnEnv?: string
  readonly cache?: string
}

const TRANSACTIONS = ['file', 'statement', 'unknown'] as const
const MAX_USAGE_BYTES = 8 * 1024 * 1024

/** `migrations check`: exit 3 when something blocks. */
export async function checkMigrationsCommand(input: CommandInput): Promise<number> {
  const { io, options } = input
  const asked = options as CheckOptions
  // Named files need no configuration; everything else is in it.
  const config = input.args.length > 0 && asked.release === undefined ? null : await input.config()
  const files = config?.migrate?.files ?? null
  const server = {
    major: asked.postgres === undefined ? (files?.postgres ?? 18) : parseMajor(asked.postgres),
    timeZone: asked.timeZone ?? files?.timeZone ?? 'UTC',
  }
  const subject = await subjectOf(input, asked, config)
  const report = await runCheck({
    subject,
    parser: await loadParser(),
    server,
    today: new Date().toISOString().slice(0, 10),
    shadow: await composeShadow({
      dsn: await dsnOf(input, asked, config),
      ...server,
      cwd: io.cwd,
      signal: io.signal,
      cacheFolder: asked.cache === undefined ? defaultCache(io.variables) : resolve(io.cwd, asked.cache),
    }),
  })
  if (options.json === true) io.out(`${JSON.stringify(report)}\n`)
  else io.out(`${renderCheck(report, painter(io.useColor)).join('\n')}\n`)
  return report.blocks.length > 0 ? EXIT.refused : EXIT.done
}

async function subjectOf(input: CommandInput, asked: CheckOptions, config: Config | null): Promise<CheckSubject> {
  if (asked.release !== undefined)
    return subjectOfRelease(await input.environment(), parseSha(asked.release, '--release'))
  const files = config?.migrate?.files ?? null
  if (input.args.length === 0 && files === null)
    throw usageError('which migrations?', {
      code: 'no-migrations',
      hint: 'backflip migrations check FOLDER --since BASELINE, or write migrate.files in backflip.yaml',
    })
  const layout = asked.layout ?? files?.layout ?? null
  return subjectOfFolder({
    cwd: input.io.cwd,
    paths: input.args.length > 0 ? input.args : [files?.folder ?? ''],
    since: asked.since ?? null,
    layout: layout === null ? null : oneOf(layout, LAYOUT_NAMES, '--layout'),
    transaction:
      asked.transaction === undefined
        ? (files?.transaction ?? null)
        : oneOf(asked.transaction, TRANSACTIONS, '--transaction'),
    usages: asked.usage === undefined ? [] : asked.usage.split(',').map((path) => readUsageFile(input.io.cwd, path)),
  })
}

function readUsageFile(cwd: string, path: string) {
  const file = resolve(cwd, path)
  const found = statSync(file, { throwIfNoEntry: false })
  if (found?.isFile() !== true)
    throw usageError(`${path} is no file`, { code: 'no-such-file', place: { flag: '--usage' } })
  if (found.size > MAX_USAGE_BYTES)
    throw usageError(`${path} is larger than ${MAX_USAGE_BYTES} bytes`, { code: 'text-too-large', place: { file } })
  const usage = parseUsage(readFileSync(file, 'utf8'), file)
  return { name: usage.sha === null ? path : usage.sha.slice(0, 12), usage }
}

/** A secret: it comes from where the configuration says, or from a variable that is named, never from the command line. */
async function dsnOf({ io }: CommandInput, { dsnEnv }: CheckOptions, config: Config | null): Promise<string | null> {
  const reference = dsnEnv === undefined ? (config?.migrate?.shadow ?? null) : { env: dsnEnv }
  return reference === null ? null : secretResolver(io.variables)(reference, 'migrate.shadow')
}

/** Root's server belongs to another user, who cannot enter root's home. */
function defaultCache(variables: CommandInput['io']['variables']): string {
  if (process.getuid?.() === 0) return '/var/cache/backflip/shadow'
  const home = variables.HOME ?? homedir()
  const cache = variables.XDG_CACHE_HOME ?? (home === '' ? tmpdir() : join(home, '.cache'))
  return join(cache, 'backflip', 'shadow')
}
