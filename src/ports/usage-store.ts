import type { Sha } from '../domain/ids.ts'

/** What a release asks of the database, as somebody collected it. */
export interface ReleaseUsage {
  readonly version: 1
  readonly sha: Sha
  /** Where it was collected: `pg_stat_statements`, `log`, `proxy` … */
  readonly source: string
  /** ISO 8601, UTC. */
  readonly collectedAt: string
  /**
   * Objects by their full names, sorted: `public.users`, `public.users.nick`, `public.users.*` (every column), `function public.total`,
   * `type public.mood`.
   */
  readonly uses: readonly string[]
  /** The queries themselves, each once; empty in a file that has only the words. */
  readonly statements: readonly RecordedStatement[]
}

/** One query of a release. At most 64 KiB of text. */
export interface RecordedStatement {
  /** With `$1` … in place of values. A recording of a test suite keeps the constants that stand in the text. */
  readonly text: string
  /** How often it was asked; null when nobody counted. */
  readonly calls: number | null
  /** Object ids of the parameters' types as the client named them, 0 where it left that to the server; empty when it named none. */
  readonly parameterTypes: readonly number[]
  /** Parameters of some calls, as text. Only of a recording. */
  readonly samples: readonly (readonly (string | null)[])[]
}

/** The usage that is kept with a release, on this host. */
export interface UsageStore {
  /** Null when nobody collected it. Error `bad-usage` (kind `refused`) when what is there is not what is written here. */
  read(sha: Sha): Promise<ReleaseUsage | null>
  /** Replaces what is there. Only its owner may read it: recorded parameters are data. */
  write(usage: ReleaseUsage): Promise<void>
}
