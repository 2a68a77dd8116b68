import type { ShadowDatabase, SqlFailure, StatementEffect } from '../../../ports/shadow.ts'

/** What a check found: the shape of `--json`. */
export interface CheckReport {
  readonly postgres: {
    readonly kind: ShadowDatabase['kind']
    /** `PostgreSQL 18.4, …`. */
    readonly place: string
    readonly major: number
    /** Whether it is the version that was asked for. */
    readonly isAsked: boolean
    /** What cannot be looked at on it, with the reason. */
    readonly notSeen: readonly string[]
  }
  readonly history: {
    readonly files: number
    /** Replayed now; the others came from a template of an earlier run. */
    readonly replayed: number
    readonly problems: readonly { readonly file: string; readonly failure: SqlFailure }[]
  }
  readonly files: readonly CheckedFile[]
  /** Lines of the catalog that are new, and that are gone. */
  readonly schema: { readonly added: readonly string[]; readonly removed: readonly string[] }
  readonly releases: readonly CheckedRelease[]
  readonly inverses: readonly CheckedInverse[]
  /** Why it may not go on; empty: it may. */
  readonly blocks: readonly string[]
  readonly warnings: readonly string[]
}

export interface CheckedFile {
  readonly path: string
  readonly failure: SqlFailure | null
  readonly effects: readonly StatementEffect[]
  /** What the rules say about locks, and what was measured. */
  readonly rules: readonly RuleOnShadow[]
}

/**
 * A rule's word beside the server's. `confirmed`: it happened. `overridden`: it was looked for and did not happen, and the rule no longer blocks.
 * `open`: nobody could look, so the rule stands.
 */
export interface RuleOnShadow {
  readonly rule: string
  readonly path: string
  readonly line: number
  readonly message: string
  readonly shadow: 'confirmed' | 'overridden' | 'open'
  readonly why: string
}

export interface CheckedRelease {
  /** Its SHA, or what else it was called. */
  readonly release: string
  readonly verdict: 'survives' | 'broken' | 'unknown'
  /** Queries that are known of it. */
  readonly queries: number
  readonly broken: readonly BrokenQuery[]
  /** Work again once they are prepared anew: connections that live through the migration get an error until then. */
  readonly stale: readonly BrokenQuery[]
  /** Prepared, but not run. */
  readonly notRun: readonly { readonly text: string; readonly why: string }[]
  /** Fail already before the migrations: nothing can be said of them. */
  readonly notJudged: readonly BrokenQuery[]
  readonly rules: readonly RuleOnShadow[]
}

export interface BrokenQuery {
  readonly text: string
  readonly sqlstate: string
  readonly message: string
  /** Whether it fails with parameters that were made up here. */
  readonly isGenerated: boolean
}

export interface CheckedInverse {
  readonly path: string
  readonly verdict: 'restores' | 'differs' | 'fails' | 'none'
  readonly failure: SqlFailure | null
  /** `- line` would be missing, `+ line` would be too much. At most 20. */
  readonly differences: readonly string[]
  /** What does not come back with the shape: values. */
  readonly lost: readonly string[]
  /** Queries of the window that worked before and do not afterwards. */
  readonly broken: readonly BrokenQuery[]
}
