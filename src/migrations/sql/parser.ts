import { setFlagsFromString } from 'node:v8'
import type { Node } from './node.ts'

/** Two megabytes, measured in 5,014 real files: the largest has 90 KB. What is larger is data, and PostgreSQL's parser needs a hundredfold in memory. */
export const MAX_FILE_BYTES = 4_000_000

export interface RawStatement {
  readonly stmt: Node
  /** Bytes from the beginning of the text; left out when 0. */
  readonly stmt_location?: number
  /** Bytes; left out when the statement goes to the end of the text. */
  readonly stmt_len?: number
}

export interface ParseError {
  readonly message: string
  /** Code points from the beginning of the text, or null when the parser does not say. */
  readonly at: number | null
}

/** PostgreSQL 18's own grammar. Synchronous: everything is in memory. */
export interface SqlParser {
  readonly parse: (sql: string) => readonly RawStatement[] | ParseError
  /** The tree of a CREATE FUNCTION or DO statement written in PL/pgSQL. */
  readonly parsePlpgsql: (statement: string) => unknown
  /** Where the lexer's tokens begin and end, in bytes; empty for what it does not take. */
  readonly tokens: (sql: string) => readonly { readonly start: number; readonly end: number }[]
  /** The same for statements that differ in constants, white space and names of parameters only; null for what the grammar does not take. */
  readonly fingerprint: (sql: string) => string | null
}

let loading: Promise<SqlParser> | undefined

/** Loads the grammar, once. Late and not at import: its 1.7 MB of WebAssembly are for those who parse. */
export function loadParser(): Promise<SqlParser> {
  loading ??= load()
  return loading
}

async function load(): Promise<SqlParser> {
  // V8's quick compiler alone. Optimising the grammar's one huge function takes 600 MB and 0.4 s of processor time, and the process cannot end
  // before that is done: 0.08 s and 62 MB without (measured on Node 24.21). `--liftoff-only` implies these two, but only on a command line.
  setFlagsFromString('--no-wasm-tier-up')
  setFlagsFromString('--no-wasm-dynamic-tiering')
  const pg = await import('libpg-query')
  await pg.loadModule()
  return {
    parse(sql) {
      if (sql.trim() === '') return []
      try {
        return (pg.parseSync(sql).stmts ?? []) as readonly RawStatement[]
      } catch (error) {
        return {
          message: messageOf(error),
          at: pg.hasSqlDetails(error) ? (error.sqlDetails?.cursorPosition ?? null) : null,
        }
      }
    },
    parsePlpgsql(statement) {
      return pg.parsePlPgSQLSync(statement)
    },
    tokens(sql) {
      try {
        return pg.scanSync(sql).tokens
      } catch (error) {
        if (messageOf(error) === '') throw error
        return []
      }
    },
    fingerprint(sql) {
      try {
        return pg.fingerprintSync(sql)
      } catch (error) {
        if (messageOf(error) === '') throw error
        return null
      }
    },
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
