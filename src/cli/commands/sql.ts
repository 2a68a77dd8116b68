import { type CommandInput, defineCommand } from '../define-command.ts'
import { requireReason } from '../require-reason.ts'

const DEFAULT_LOCK_TIMEOUT = '5s'
const DEFAULT_STATEMENT_TIMEOUT = '10m'
const MAX_BYTES = 8 * 1024 * 1024

export const sql = defineCommand({
  name: 'sql',
  summary:
    'Run a file of SQL in the environment’s database, after a snapshot, in one transaction where that is possible',
  arguments: ['<file>'],
  options: [
    { flags: '--reason <text>', description: 'kept in the history, with the file’s hash and what it did' },
    { flags: '--inverse-of <migration>', description: 'the migration that it takes back, for the history' },
    { flags: '--service <name>', description: 'which database, when there are several' },
    { flags: '--lock-timeout <time>', description: 'how long a statement waits for a lock; default 5s' },
    { flags: '--statement-timeout <time>', description: 'how long a statement may run; default 10m' },
  ],
  examples: ['backflip sql inverse.sql --reason "0042 dropped a column that r3 reads" --inverse-of 0042_drop_nick'],
  async run(input) {
    const reason = requireReason(input.options, 'backflip sql FILE --reason TEXT')
    const [{ prepareRunSql, runSql: run }, { operate }, request] = await Promise.all([
      import('../../operations/run-sql.ts'),
      import('../operate.ts'),
      requestOf(input),
    ])
    const environment = await input.environment()
    return operate(input, {
      environment,
      async prepare() {
        const { plan, shape } = await prepareRunSql(environment, { ...request, reason })
        const how =
          shape.becauseOf === null ? 'one transaction: all of it or nothing' : `NOT one transaction: ${shape.becauseOf}`
        if (input.options.json !== true) input.io.err(`${request.file}: ${shape.statements} statements, ${how}\n`)
        return plan
      },
      run: (plan, options) => run(environment, plan, options),
    })
  },
})

async function requestOf({ args, options, io }: CommandInput) {
  const [{ parseDataServiceName }, { parseDuration }, { resolve }] = await Promise.all([
    import('../../domain/ids.ts'),
    import('../../lib/duration.ts'),
    import('node:path'),
  ])
  const { inverseOf, service, lockTimeout, statementTimeout } = options as {
    readonly inverseOf?: string
    readonly service?: string
    readonly lockTimeout?: string
    readonly statementTimeout?: string
  }
  const file = args[0] ?? ''
  return {
    file,
    text: await readText(resolve(io.cwd, file)),
    service: service === undefined ? null : parseDataServiceName(service, '--service'),
    inverseOf: inverseOf ?? null,
    lockTimeoutMs: parseDuration(lockTimeout ?? DEFAULT_LOCK_TIMEOUT, '--lock-timeout'),
    statementTimeoutMs: parseDuration(statementTimeout ?? DEFAULT_STATEMENT_TIMEOUT, '--statement-timeout'),
  }
}

/** UTF-8, bounded before it is read. Errors `no-such-file`, `text-too-large`, `not-utf8` (kind `usage`). */
async function readText(file: string): Promise<string> {
  const [{ readFileSync, statSync }, { usageError }] = await Promise.all([
    import('node:fs'),
    import('../../domain/errors.ts'),
  ])
  const found = statSync(file, { throwIfNoEntry: false })
  if (found === undefined || !found.isFile())
    throw usageError(`${file} is no file`, { code: 'no-such-file', place: { file } })
  if (found.size > MAX_BYTES)
    throw usageError(`${file} is larger than ${MAX_BYTES} bytes`, { code: 'text-too-large', place: { file } })
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file))
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause
    throw usageError(`${file} is not UTF-8`, { code: 'not-utf8', place: { file }, cause })
  }
}
