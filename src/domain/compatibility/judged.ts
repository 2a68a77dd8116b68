import type { SchemaState } from '../history/record.ts'
import type { Sha } from '../ids.ts'
import type { ReleaseVerdict } from './verdict.ts'

/** A release that fits before a deploy and not after it, with everything that breaks it. */
export interface BrokenRelease {
  readonly sha: Sha
  readonly causes: readonly { readonly rule: string; readonly migration: string }[]
}

/** What a release's migrations will do to whoever may have to serve afterwards. */
export interface JudgedMigrations extends Pick<SchemaState, 'extra' | 'inverses'> {
  readonly sha: Sha
  /** Names, in order; null when nobody knows what is applied. */
  readonly pending: readonly string[] | null
  /** Why nobody knows; null when it is known. */
  readonly why: string | null
  /** Applied here with another text than the release carries. */
  readonly edited: readonly string[]
  /** Of the rollback window and of the release itself, on the schema after it. */
  readonly verdicts: readonly ReleaseVerdict[]
  readonly broken: readonly BrokenRelease[]
  /** SHA-256 over all of it, 64 hex digits: the step of phase A finds the same, or the plan is outdated. */
  readonly digest: string
}
