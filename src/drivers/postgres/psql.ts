import { BackflipError } from '../../domain/errors.ts'
import { APPLICATION, lines, type PostgresHost, placeOf, runTool } from './host.ts'
import { isWordless, psqlError } from './psql-error.ts'

export interface PsqlAsk {
  /** psql's own language. Values come in by `values`, as `:'name'` or `:"name"`; they are never pasted. */
  readonly script: string
  readonly values?: { readonly [name: string]: string }
  /** Default: the app's database. */
  readonly database?: string
  /** For each statement, in the server; and for the whole script on our side, unless `scriptTimeoutMs` says more. */
  readonly timeoutMs?: number
  readonly scriptTimeoutMs?: number
  readonly lockTimeoutMs?: number
  readonly maxOutputBytes?: number
  /** Where COPY TO STDOUT and results go, on the server's host. */
  readonly outputFile?: string
}

const TIMEOUT_MS = 30_000
const LOCK_TIMEOUT_MS = 5_000
const OUTPUT_BYTES = 16 * 1024 * 1024
/** The server's own limit should speak first: it says what it waited for. */
const GRACE_MS = 5_000
/** Printed last, so that an answer that was cut is never taken for a whole one; psql goes on until its input ends, so none is lost on the way. */
const END = '::backflip-end'
const TRIES = 4

/** Runs a script of ours and returns what it printed, unaligned and without headers. */
export async function psql(host: PostgresHost, ask: PsqlAsk): Promise<string> {
  const script = `${ask.script}\n\\o\n\\echo ${END}\n`
  let end = await startPsql(host, { ...ask, script, until: `${END}\n` })
  // The reason was lost on the way. What failed is one transaction or changed nothing, and says it again.
  for (let tries = 1; isWordless(end) && tries < TRIES; tries += 1)
    end = await startPsql(host, { ...ask, script, until: `${END}\n` })
  const { stdout, stderr, exitCode } = end
  if (exitCode !== 0) throw psqlError(host, { exitCode, stderr })
  if (!stdout.endsWith(`${END}\n`)) {
    throw new BackflipError(`${placeOf(host)} answered with more than we read`, {
      code: 'database-answer-too-large',
      kind: 'failed',
    })
  }
  return stdout.slice(0, -(END.length + 1))
}

/** One JSON value: the script's only output. */
export async function psqlJson<T>(host: PostgresHost, ask: PsqlAsk): Promise<T> {
  const text = await psql(host, ask)
  try {
    return JSON.parse(text) as T
  } catch (cause) {
    throw new BackflipError(`${placeOf(host)} answered something that is not JSON`, {
      code: 'database-error',
      kind: 'failed',
      details: lines(text),
      hint: 'look at the server and its log, then: the same command',
      cause,
    })
  }
}

/** psql as it is run everywhere; the caller judges its end. `-f -` instead of plain stdin: errors then name their line. */
export async function startPsql(
  host: PostgresHost,
  ask: PsqlAsk & { readonly options?: readonly string[]; readonly until: string },
) {
  const timeoutMs = ask.timeoutMs ?? TIMEOUT_MS
  const args = [
    '--no-psqlrc',
    '--no-password',
    '--quiet',
    '--no-align',
    '--tuples-only',
    '--set=ON_ERROR_STOP=1',
    '--set=VERBOSITY=verbose',
    '--set=SHOW_CONTEXT=never',
    ...Object.entries(ask.values ?? {}).map(([name, value]) => `--set=${name}=${value}`),
    ...(ask.outputFile === undefined ? [] : [`--output=${ask.outputFile}`]),
    ...(ask.options ?? []),
    `--dbname=${connection(host, ask.database)}`,
    '--file=-',
  ]
  const answer = runTool(host, 'psql', args, {
    timeoutMs: (ask.scriptTimeoutMs ?? timeoutMs) + GRACE_MS,
    maxOutputBytes: ask.maxOutputBytes ?? OUTPUT_BYTES,
    stdin: ask.script,
    until: ask.until,
    env: { PGOPTIONS: settings(timeoutMs, ask.lockTimeoutMs ?? LOCK_TIMEOUT_MS), PGCLIENTENCODING: 'UTF8' },
  })
  return answer.catch((cause: unknown) => {
    if (!(cause instanceof BackflipError) || cause.code !== 'command-timeout') throw cause
    throw new BackflipError(`${placeOf(host)} did not answer in time`, {
      code: 'database-timeout',
      kind: 'failed',
      details: ['the server ends the statement by itself: it has the same limit'],
      hint: 'look at the server and at its log',
      cause,
    })
  })
}

/**
 * One connection string: a database's name given alone is read as such a string when it holds "=" (libpq, `dbname`). Quotes and backslashes
 * are escaped as libpq wants it.
 */
export function connection({ config }: PostgresHost, database: string = config.database): string {
  const parts = {
    dbname: database,
    host: config.socketFolder,
    port: String(config.port),
    user: config.role,
    application_name: APPLICATION,
    connect_timeout: '10',
  }
  return Object.entries(parts)
    .map(([name, value]) => `${name}='${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`)
    .join(' ')
}

/** Text must read the same everywhere: rows of two servers are compared by it. */
function settings(statementTimeoutMs: number, lockTimeoutMs: number): string {
  return Object.entries({
    statement_timeout: statementTimeoutMs,
    lock_timeout: lockTimeoutMs,
    idle_in_transaction_session_timeout: statementTimeoutMs,
    lc_messages: 'C',
    datestyle: 'ISO',
    intervalstyle: 'postgres',
    timezone: 'UTC',
    bytea_output: 'hex',
    extra_float_digits: 3,
    standard_conforming_strings: 'on',
    client_min_messages: 'warning',
    // Somebody may have closed the database to writers for its roles; our marker and our SQL still go in.
    default_transaction_read_only: 'off',
    // A standby that is gone must not hold our commit (we need it on this server's disk, not there).
    synchronous_commit: 'local',
    row_security: 'off',
  })
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' ')
}
