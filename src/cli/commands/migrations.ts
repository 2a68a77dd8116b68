import { usageError } from '../../domain/errors.ts'
import { quote } from '../../domain/ids.ts'
import { type CommandInput, defineCommand } from '../define-command.ts'
import { EXIT } from '../exit-codes.ts'

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
}

export const FORMATS = ['text', 'json', 'sarif', 'github', 'gitlab', 'markdown'] as const

export const migrationsLint = defineCommand({
  name: 'migrations lint',
  summary: 'What pending migrations break, block or lose: exit 3 when the deploy may not go on',
  arguments: ['[path...]'],
  options: [
    {
      flags: '--since <baseline>',
      description: 'a commit or the last applied migration; what came after is judged as one deploy',
    },
    { flags: '--all', description: 'every file, each as a deploy of its own after those before it' },
    { flags: '--format <format>', description: 'text, json, sarif, github, gitlab or markdown; default text' },
    {
      flags: '--rules <list>',
      description: 'as in style,timeout,-drop-default: groups and rules to add, with - to leave out',
    },
    { flags: '--notes', description: 'text: also what is fine, with the locks it takes' },
    { flags: '--layout <name>', description: 'the runner: prisma, drizzle, goose, flyway, plain …; default: guessed' },
    { flags: '--transaction <how>', description: 'file, statement or unknown; default: as the runner does' },
    { flags: '--postgres <major>', description: 'version of the server; default 18' },
    { flags: '--time-zone <zone>', description: 'of the migrating session; default UTC' },
    { flags: '--explain <rule>', description: 'what a rule sees, why, and the safe way; lints nothing' },
  ],
  examples: [
    'backflip migrations lint db/migrations --since origin/main',
    'backflip migrations lint db/migrations --all --format json',
    'backflip migrations lint --explain drop-column',
  ],
  run: lint,
})

async function lint({ args, io, options }: CommandInput): Promise<number> {
  const asked = options as LintOptions
  if (asked.explain !== undefined) {
    const { explainRule } = await import('../render/lint/explain.ts')
    io.out(explainRule(asked.explain))
    return EXIT.done
  }
  if (args.length === 0) {
    throw usageError('which migrations?', { code: 'no-migrations', hint: 'backflip migrations lint FOLDER' })
  }
  const format = oneOf(options.json === true ? 'json' : (asked.format ?? 'text'), FORMATS, '--format')
  const [{ lintMigrations }, { chooseRules }, { LAYOUT_NAMES }, { painter }, { renderLint }] = await Promise.all([
    import('../../operations/migrations/lint-migrations.ts'),
    import('../../operations/migrations/choose-rules.ts'),
    import('../../migrations/layout/layouts.ts'),
    import('../render/style.ts'),
    import('../render/lint/render.ts'),
  ])
  const outcome = await lintMigrations({
    cwd: io.cwd,
    paths: args,
    since: asked.since ?? null,
    all: asked.all === true,
    layout: asked.layout === undefined ? null : oneOf(asked.layout, LAYOUT_NAMES, '--layout'),
    transaction:
      asked.transaction === undefined
        ? null
        : oneOf(asked.transaction, ['file', 'statement', 'unknown'] as const, '--transaction'),
    server: { major: parseMajor(asked.postgres ?? '18'), timeZone: asked.timeZone ?? 'UTC' },
    rules: chooseRules(asked.rules ?? ''),
    today: new Date().toISOString().slice(0, 10),
  })
  io.out(renderLint(outcome, format, painter(io.useColor), asked.notes === true))
  return outcome.report.summary.block > 0 ? EXIT.refused : EXIT.done
}

function oneOf<T extends string>(given: string, known: readonly T[], flag: string): T {
  const found = known.find((one) => one === given)
  if (found !== undefined) return found
  throw usageError(`${flag} ${quote(given)} is none of ${known.join(', ')}`, { code: 'bad-option', place: { flag } })
}

const OLDEST_MAJOR = 10
const NEWEST_MAJOR = 30

function parseMajor(text: string): number {
  const major = Number(text)
  if (Number.isInteger(major) && major >= OLDEST_MAJOR && major <= NEWEST_MAJOR) return major
  throw usageError(`--postgres ${quote(text)} is not a major version, as in 16`, {
    code: 'bad-option',
    place: { flag: '--postgres' },
  })
}
