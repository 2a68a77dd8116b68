import pg from 'pg'
import { BackflipError, refusal } from '../../domain/errors.ts'
import type { SqlFailure } from '../../ports/shadow.ts'
import { untilInterrupted } from './interrupt.ts'

/** Where a server is: a socket's folder, or what a connection string says. */
export type ServerAddress = { readonly socketFolder: string; readonly user: string } | { readonly dsn: string }

/** One connection. Everything goes through PostgreSQL's simple protocol, so that a text may hold several statements. */
export interface Session {
  readonly pid: number
  /** Rows of the last statement, values as text. Throws what the server said (`failureOf` reads it). */
  readonly rows: (sql: string) => Promise<readonly (readonly (string | null)[])[]>
  readonly end: () => Promise<void>
}

export interface SessionAsk {
  /** Null: the one that the connection string names. */
  readonly database: string | null
  readonly statementTimeoutMs: number
  readonly timeZone?: string
  /** A statement is waited for until then. Default: to its end. */
  readonly signal?: AbortSignal
}

const CONNECT_TIMEOUT_MS = 10_000
const LOCK_TIMEOUT_MS = 10_000

/** Errors `shadow-unreachable` (kind `failed`), whose text has no password, and `interrupted`. */
export async function openSession(address: ServerAddress, ask: SessionAsk): Promise<Session> {
  const client = new pg.Client({
    ...('dsn' in address
      ? { connectionString: ask.database === null ? address.dsn : withDatabase(address.dsn, ask.database) }
      : socketOf(address, ask)),
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: 'backflip-shadow',
    options: settings(ask),
    // As text: nothing here computes with a value.
    types: { getTypeParser: () => (value: unknown) => value } as never,
  })
  // A server that goes away rejects the query that waits; without a listener the process would end.
  client.on('error', () => undefined)
  try {
    await client.connect()
  } catch (cause) {
    throw new BackflipError('PostgreSQL does not let us in by this connection string', {
      code: 'shadow-unreachable',
      kind: 'failed',
      details: [cause instanceof Error ? cause.message : String(cause)],
      hint: 'look at the connection string; to try migrations, its role must be allowed to create databases',
    })
  }
  const signal = ask.signal ?? new AbortController().signal
  const rows = async (sql: string) => {
    const asked = await untilInterrupted(signal, () => client.query({ text: sql, rowMode: 'array' }))
    const result = asked as unknown as Result | readonly Result[]
    const last = Array.isArray(result) ? result.at(-1) : (result as Result)
    return last?.rows ?? []
  }
  const [[pid] = []] = await rows('SELECT pg_catalog.pg_backend_pid()')
  return { pid: Number(pid), rows, end: () => client.end() }
}

interface Result {
  readonly rows: readonly (readonly (string | null)[])[]
}

function socketOf({ socketFolder, user }: { readonly socketFolder: string; readonly user: string }, ask: SessionAsk) {
  return { host: socketFolder, port: 5432, user, database: ask.database ?? 'postgres', password: '' }
}

/**
 * The name in the path of `postgres://…/name?…` is replaced. Not by `URL`: it takes no empty host, which is how a socket is written. Error
 * `bad-shadow` (kind `refused`) that does not show the string: it may hold a password.
 */
function withDatabase(dsn: string, database: string): string {
  const [, server, query = ''] = /^(postgres(?:ql)?:\/\/[^/?]*)(?:\/[^?]*)?(\?.*)?$/.exec(dsn) ?? []
  if (server === undefined)
    throw refusal('the connection string of migrate.shadow is not read', {
      code: 'bad-shadow',
      hint: 'as in postgres://user:password@host:5432/postgres',
    })
  return `${server}/${encodeURIComponent(database)}${query}`
}

function settings({ statementTimeoutMs, timeZone }: SessionAsk): string {
  const all = {
    statement_timeout: statementTimeoutMs,
    lock_timeout: LOCK_TIMEOUT_MS,
    lc_messages: 'C',
    client_min_messages: 'error',
    standard_conforming_strings: 'on',
    synchronous_commit: 'off',
    // Functions of a history may name what comes later: runners restore dumps that way too.
    timezone: timeZone ?? 'UTC',
  }
  return Object.entries(all)
    .map(([name, value]) => `-c ${name}=${String(value).replaceAll(/([\\ ])/g, '\\$1')}`)
    .join(' ')
}

/** What the server said; anything else is thrown on. */
export function failureOf(error: unknown, line: number | null): SqlFailure {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown }
  if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)) return { sqlstate: code, message: String(message), line }
  throw error
}

/** Runs it, and answers with what went wrong instead of throwing. */
export async function attempt(session: Session, sql: string, line: number | null = null): Promise<SqlFailure | null> {
  try {
    await session.rows(sql)
    return null
  } catch (error) {
    return failureOf(error, line)
  }
}

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** `standard_conforming_strings` is on: backslashes are themselves. */
export function quoteText(text: string | null): string {
  return text === null ? 'NULL' : `'${text.replaceAll("'", "''")}'`
}
