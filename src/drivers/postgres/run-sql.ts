import { randomUUID } from 'node:crypto'
import { BackflipError, usageError } from '../../domain/errors.ts'
import { sha256Hex } from '../../lib/sha256.ts'
import type { SqlReport, SqlShape, SqlStatementReport } from '../../ports/database.ts'
import type { CommandResult } from '../../ports/transport.ts'
import { lines, type PostgresHost, placeOf } from './host.ts'
import { MARKER_TABLE, writeMarker } from './marker.ts'
import { psql, startPsql } from './psql.ts'
import { isWordless, psqlError, STATEMENT_FAILED, sqlState } from './psql-error.ts'
import { type Statement, splitStatements } from './split-statements.ts'
import { whyNotAtAll, whyNotInTransaction } from './transaction-rules.ts'
import { verbatim } from './verbatim.ts'

export interface SqlAsk {
  readonly text: string
  readonly lockTimeoutMs: number
  /** For one statement. */
  readonly statementTimeoutMs: number
  /** Of the row that says that all of it was done. */
  readonly marker: string
}

const MAX_BYTES = 8 * 1024 * 1024
const MAX_STATEMENTS = 5_000
const MAX_NOTICES = 200
const MAX_SCRIPT_MS = 24 * 60 * 60_000
const TRIES = 4

/** What a file is, before anybody is asked anything. */
export function readSql(text: string): SqlShape {
  const statements = read(text)
  return { statements: statements.length, becauseOf: whyNotOneTransaction(statements) }
}

function whyNotOneTransaction(statements: readonly Statement[]): string | null {
  return statements.map(whyNotInTransaction).find((why) => why !== null) ?? null
}

export async function runSql(host: PostgresHost, ask: SqlAsk): Promise<SqlReport> {
  const statements = read(ask.text)
  const becauseOf = whyNotOneTransaction(statements)
  const run = { statements, isOneTransaction: becauseOf === null, mark: `::${randomUUID()}` }
  let end = await start(host, ask, run)
  // What failed was one transaction: nothing of it was kept, and it fails again, with its reason.
  for (let tries = 1; run.isOneTransaction && isWordless(end) && tries < TRIES; tries += 1)
    end = await start(host, ask, run)
  if (isWordless(end)) throw lostSight(host, run, new Error('its reason did not reach us'))
  if (end.exitCode === STATEMENT_FAILED) throw refused(host, run, end)
  // Without our last line the script was not read to its end, or more was printed than we read.
  if (end.exitCode !== 0 || !end.stdout.includes(`${run.mark} end`)) await settle(host, run, end)
  if (!run.isOneTransaction) await writeMarker(host, ask.marker)
  return {
    sha256: sha256Hex(ask.text),
    isOneTransaction: run.isOneTransaction,
    becauseOf,
    statements: reportsOf(run, end.stdout),
    notices: lines(unmarked(run, end.stderr), MAX_NOTICES).filter((line) => !line.startsWith('LOCATION:')),
  }
}

async function start(host: PostgresHost, ask: SqlAsk, run: Run): Promise<CommandResult> {
  const script = scriptOf(run)
  return startPsql(host, {
    script,
    until: `${run.mark} end\n`,
    values: { bf_marker: ask.marker },
    timeoutMs: ask.statementTimeoutMs,
    scriptTimeoutMs: Math.min(ask.statementTimeoutMs * run.statements.length, MAX_SCRIPT_MS),
    lockTimeoutMs: ask.lockTimeoutMs,
    options: ['--pset=tuples_only=off', '--pset=footer=on', '--set=QUIET=off'],
  }).catch((error: unknown) => {
    throw lostSight(host, run, error)
  })
}

interface Run {
  readonly statements: readonly Statement[]
  readonly isOneTransaction: boolean
  /** Begins the lines that we print ourselves; nobody's data has it. */
  readonly mark: string
}

function read(text: string): readonly Statement[] {
  if (Buffer.byteLength(text) > MAX_BYTES) {
    throw usageError(`the file has more than ${MAX_BYTES} bytes`, { code: 'sql-too-large' })
  }
  const statements = splitStatements(text)
  if (statements.length === 0) throw usageError('the file has no statement', { code: 'sql-empty' })
  if (statements.length > MAX_STATEMENTS) {
    throw usageError(`the file has ${statements.length} statements, and at most ${MAX_STATEMENTS} are run`, {
      code: 'sql-too-large',
    })
  }
  for (const statement of statements) {
    const why = whyNotAtAll(statement)
    if (why !== null) throw usageError(why, { code: 'sql-not-runnable', place: { line: statement.line } })
  }
  return statements
}

function scriptOf({ statements, isOneTransaction, mark }: Run): string {
  // Told on both ways: the one that the reason of a failure comes on also tells where it was.
  const say = (what: string) => [`\\echo ${mark} ${what}`, `\\warn ${mark} ${what}`]
  const body = statements.flatMap(({ text }, index) => [...say(String(index)), verbatim(text)])
  if (!isOneTransaction) return `${[...body, `\\echo ${mark} end`].join('\n')}\n`
  // A second run waits for the first at the marker's key, and finds it there when the first was committed.
  const open = [
    MARKER_TABLE,
    'BEGIN;',
    "INSERT INTO backflip.marker (name, at) VALUES (:'bf_marker', clock_timestamp());",
    'SELECT pg_current_xact_id() AS xid \\gset',
    `\\echo ${mark} xid :xid`,
  ]
  return `${[...open, ...body, ...say('commit'), 'COMMIT;', `\\echo ${mark} end`].join('\n')}\n`
}

function unmarked({ mark }: Run, text: string): string {
  return text
    .split('\n')
    .filter((line) => !line.startsWith(mark))
    .join('\n')
}

/** What psql printed between our lines: rows, a footer such as "(2 rows)", the command's tag. */
function reportsOf({ statements, mark }: Run, stdout: string): readonly SqlStatementReport[] {
  const parts = new Map<string, readonly string[]>()
  for (const part of stdout.split(`${mark} `).slice(1)) {
    const [head = '', ...rest] = part.split('\n')
    parts.set(
      head,
      rest.filter((line) => line !== ''),
    )
  }
  return statements.map(({ line, words }, index) => {
    const last = parts.get(String(index))?.at(-1) ?? ''
    const rows = /^\((\d+) rows?\)$/.exec(last)
    if (rows !== null) return { line, tag: words[0] ?? '', rows: Number(rows[1]) }
    const tag = /^[A-Z][A-Z ]*(?: \d+)*$/.test(last) ? last : words.slice(0, 2).join(' ')
    const count = / (\d+)$/.exec(tag)?.[1]
    return { line, tag, rows: count === undefined ? null : Number(count) }
  })
}

function refused(host: PostgresHost, run: Run, { stderr }: CommandResult): BackflipError {
  const found = sqlState(stderr)
  const index = Number([...stderr.matchAll(new RegExp(`^${run.mark} (\\d+)$`, 'gm'))].at(-1)?.[1] ?? 0)
  const statement = run.statements[index]
  const isLock = found?.state === '55P03'
  const what = stderr.includes(`${run.mark} commit`)
    ? 'the COMMIT'
    : `statement ${index + 1} of ${run.statements.length}`
  return new BackflipError(`${placeOf(host)} refused ${what}`, {
    code: isLock ? 'database-lock-timeout' : 'sql-failed',
    kind: 'failed',
    place: statement === undefined ? undefined : { line: statement.line },
    details: [
      ...(found === null ? [] : [`SQLSTATE ${found.state}: ${found.message}`]),
      ...lines(unmarked(run, stderr)).filter((line) => !/^LOCATION:|(ERROR|FATAL):/.test(line)),
      run.isOneTransaction || index === 0
        ? 'nothing was kept: the database is as it was'
        : `the ${index} statements before it were kept: the file is no single transaction`,
    ],
    hint: isLock ? 'look who holds the lock (pg_stat_activity, pg_locks), then the same command' : undefined,
  })
}

/** psql ended without our last line. Returns when everything was committed all the same; the server knows, by the transaction's id. */
async function settle(host: PostgresHost, run: Run, end: CommandResult): Promise<void> {
  if (!end.stdout.includes(run.mark)) throw psqlError(host, end)
  const cause = new Error(lines(unmarked(run, end.stderr)).join('; '))
  const xid = new RegExp(`^${run.mark} xid (\\d+)$`, 'm').exec(end.stdout)?.[1]
  const mayBeCommitted =
    end.exitCode === 0 || [end.stdout, end.stderr].some((said) => said.includes(`${run.mark} commit`))
  if (xid === undefined) throw lostSight(host, run, cause)
  const status = mayBeCommitted ? await statusOf(host, xid) : 'aborted'
  if (status === 'committed') return
  if (status !== 'aborted') throw lostSight(host, run, cause, `SELECT pg_xact_status('${xid}');`)
  throw new BackflipError(`the session with ${placeOf(host)} ended before its COMMIT`, {
    code: 'sql-failed',
    kind: 'failed',
    details: ['nothing was kept: the transaction was not committed'],
    hint: 'look at the server and its log, then: the same command',
    cause,
  })
}

function lostSight(host: PostgresHost, run: Run, cause: unknown, hint = 'look into the database'): BackflipError {
  if (cause instanceof BackflipError && cause.code !== 'database-timeout') return cause
  const kept = run.isOneTransaction ? 'all of the file or nothing of it was kept' : 'the file is no single transaction'
  return new BackflipError(`nobody can tell what ${placeOf(host)} kept of the file`, {
    code: 'sql-outcome-unknown',
    kind: 'person',
    details: [kept],
    hint,
    cause,
  })
}

/** Null when the server cannot be asked: then nobody knows, and the caller says so. */
async function statusOf(host: PostgresHost, xid: string): Promise<string | null> {
  try {
    return (await psql(host, { script: "SELECT pg_xact_status(:'xid');", values: { xid } })).trim()
  } catch (error) {
    if (error instanceof BackflipError) return null
    throw error
  }
}
