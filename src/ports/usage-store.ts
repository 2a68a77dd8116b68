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
}

/** The usage that is kept with a release, on this host. */
export interface UsageStore {
  /** Null when nobody collected it. Error `bad-usage` (kind `refused`) when what is there is not what is written here. */
  read(sha: Sha): Promise<ReleaseUsage | null>
}
