import { readFileSync, statSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { usageError } from '../domain/errors.ts'
import { parseDataServiceName } from '../domain/ids.ts'
import { formatDuration, parseDuration } from '../lib/duration.ts'
import { readBackfill } from '../migrations/backfill/read-backfill.ts'
import { loadParser } from '../migrations/sql/parser.ts'
import { databaseOf } from '../operations/database-of.ts'
import { type BackfillProgress, runBackfill } from '../operations/migrations/run-backfill.ts'
import type { CommandInput } from './define-command.ts'
import { EXIT } from './exit-codes.ts'
import { parseCount } from './parse-count.ts'

interface BackfillOptions {
  readonly table?: string
  readonly set?: string
  readonly where?: string
  readonly name?: string
  readonly service?: string
  readonly target?: string
  readonly maxBatch?: string
  readonly maxLag?: string
  readonly lockTimeout?: string
}

const SLICE_MS = 2_000
const MAX_FILE_BYTES = 1_000_000
const MAX_BATCH_ROWS = 1_000_000

export async function backfillCommand(input: CommandInput): Promise<number> {
  const { io, options } = input
  const asked = options as BackfillOptions
  const { text, name } = readAsked(input, asked)
  const statement = readBackfill(await loadParser(), text)
  const service = asked.service === undefined ? null : parseDataServiceName(asked.service, '--service')
  const { data, clock } = await input.surroundings()
  const { database } = databaseOf(data, service)
  if (statement.where === null && options.json !== true)
    io.err('! no condition says that a row is done: one pass, and nothing is proved\n')
  input.changing()
  const state = await runBackfill({
    database,
    clock,
    signal: io.signal,
    ask: {
      ...statement,
      name: asked.name ?? name,
      targetMs: parseDuration(asked.target ?? '20ms', '--target'),
      maxBatchRows: parseCount(asked.maxBatch ?? '5000', '--max-batch', MAX_BATCH_ROWS),
      maxLagBytes: parseCount(asked.maxLag ?? '67108864', '--max-lag', Number.MAX_SAFE_INTEGER),
      lockTimeoutMs: parseDuration(asked.lockTimeout ?? '200ms', '--lock-timeout'),
      sliceMs: SLICE_MS,
    },
    progress: (progress) => {
      if (options.json !== true) io.err(`${progressLine(statement.table, progress)}\n`)
    },
  })
  if (options.json === true)
    io.out(`${JSON.stringify({ name: asked.name ?? name, table: statement.table, ...state })}\n`)
  else
    io.err(`✓ ${state.changedRows} rows changed; ${statement.where === null ? 'one pass is over' : 'no row is left'}\n`)
  return EXIT.done
}

const PAUSES = {
  lock: 'somebody holds a lock',
  waiters: 'somebody waits for a lock of the table',
  replica: 'a replica is behind',
} as const

function progressLine(table: string, { state, rowsPerSecond, leftMs }: BackfillProgress): string {
  const share = state.totalRows === 0 ? 0 : Math.min(100, Math.floor((100 * state.seenRows) / state.totalRows))
  const parts = [
    `${table} ${state.phase}: ${state.seenRows} of about ${state.totalRows} rows (${share} %)`,
    `${rowsPerSecond} rows/s`,
    ...(leftMs === null ? [] : [`about ${formatDuration(leftMs)} left`]),
    ...(state.pausedBy === null ? [] : [`waited: ${PAUSES[state.pausedBy]}`]),
    ...(state.remainingRows === 0 ? [] : [`${state.remainingRows} came in meanwhile: once more`]),
  ]
  return parts.join(', ')
}

/** From the file, or put together from the options: its text is read by PostgreSQL's grammar either way. */
function readAsked(
  { args, io }: CommandInput,
  asked: BackfillOptions,
): { readonly text: string; readonly name: string } {
  const [file] = args
  if ((file === undefined) === (asked.table === undefined)) {
    throw usageError('a backfill is a file, or --table with --set', {
      code: 'no-backfill',
      hint: 'backflip migrations backfill FILE',
    })
  }
  if (file === undefined) {
    const where = asked.where === undefined ? '' : ` WHERE ${asked.where}`
    return { text: `UPDATE ${asked.table} SET ${asked.set ?? ''}${where}`, name: asked.table ?? '' }
  }
  const found = statSync(resolve(io.cwd, file), { throwIfNoEntry: false })
  if (found?.isFile() !== true) throw usageError(`${file} is no file`, { code: 'no-such-file', place: { file } })
  if (found.size > MAX_FILE_BYTES)
    throw usageError(`${file} is larger than ${MAX_FILE_BYTES} bytes`, { code: 'text-too-large', place: { file } })
  return { text: readFileSync(resolve(io.cwd, file), 'utf8'), name: basename(file, '.sql') }
}
