import type { EnvironmentRecord } from '../history/record.ts'
import type { Sha } from '../ids.ts'

/** A person takes it on themselves that releases of the rollback window break. Part of the plan, so its hash covers it. */
export interface Override {
  readonly rules: readonly string[]
  readonly reason: string
  /** SQL that gives the old shape back, verified; null with `--no-inverse-possible`. */
  readonly inverse: {
    readonly file: string
    /** The text is kept on this host under it. */
    readonly sha256: string
    /** What it does not bring back. */
    readonly lost: readonly string[]
  } | null
  /** `2026-12-31`: through that day. Null: until no release of the window breaks any more. */
  readonly expires: string | null
  /** Migrations that it lets pass. */
  readonly migrations: readonly string[]
  /** Releases that do not survive them. */
  readonly releases: readonly Sha[]
}

/** An override with the second person who agreed, where the environment asks for one. */
export interface AgreedOverride extends Override {
  readonly key: string
  readonly approvedBy: string | null
}

/** What is asked of a second person. */
export interface ApprovalRequest {
  /** SHA-256 over what is asked for, 64 hex digits: what is approved is exactly that. */
  readonly key: string
  readonly kind: 'deploy' | 'rollback'
  readonly target: Sha
  readonly override: Override
}

export interface OverrideRecord extends AgreedOverride {
  readonly actor: string
  /** ISO 8601, UTC. */
  readonly at: string
}

/** Those that still matter: not expired, and a release of the window still lacks a migration that they let pass, by its verdict. */
export function openOverrides(
  { overrides, schema }: Pick<EnvironmentRecord, 'overrides' | 'schema'>,
  window: readonly Sha[],
  today: string,
): readonly OverrideRecord[] {
  const verdicts = [...(schema.now?.verdicts ?? []), ...(schema.next?.verdicts ?? [])]
  const known = verdicts.length > 0
  const broken = new Set(
    verdicts.filter(({ sha }) => window.includes(sha)).flatMap(({ breaks }) => breaks.map((one) => one.migration)),
  )
  return overrides.filter(
    ({ expires, migrations }) =>
      (expires === null || expires >= today) && (!known || migrations.some((one) => broken.has(one))),
  )
}
