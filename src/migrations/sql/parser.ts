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
}

let loading: Promise<SqlParser> | undefined

/** Loads the grammar, once. Late and not at import: its 1.7 MB of WebAssembly are for those who parse. */
export function loadParser(): Promise<SqlParser> {
  loading ??= load()
  return loading
}

async function load(): Promise<SqlParser> {
  // The quick compiler of V8 alone: compiling the grammar a second time, optimised, in other threads costs a single file more than it saves
  // (research/migrations.md §6: 290 → 120 ms).
  setFlagsFromString('--liftoff-only')
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
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
