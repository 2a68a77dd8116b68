import { fileName } from './names.ts'

/** One migration file of a deploy. */
export interface PlannedFile {
  /** What it does, for its name: `add_users_handle`. */
  readonly what: string
  /** Statements without semicolons. */
  readonly up: readonly string[]
  /** The way back. A line that begins with `--` is for a person to read. */
  readonly down: readonly string[]
  /** `together`: one transaction. `alone`: a single statement that takes none, CONCURRENTLY. */
  readonly run: 'together' | 'alone'
  /** Rules that say too much here, with the reason why. */
  readonly allow?: { readonly [rule: string]: string }
}

/** Migrations that go out with one release. */
export interface DeployStage {
  readonly kind: 'deploy'
  /** `contract`: waits until no release of the rollback window needs the old shape. */
  readonly phase: 'expand' | 'switch' | 'contract'
  /** What the release of this deploy must do, and must not do any more. */
  readonly code: string
  readonly files: readonly PlannedFile[]
}

/** Rows changed between two deploys, by `backflip migrations backfill`. */
export interface BackfillStage {
  readonly kind: 'backfill'
  readonly what: string
  readonly sql: string
  readonly note: string
  /**
   * `live`: as soon as the deploy before it is live, because the database itself fills what older releases write. `window`: when none of them
   * may come back; their rows would be new work for ever.
   */
  readonly waits: 'live' | 'window'
}

export type Stage = DeployStage | BackfillStage

/** What becomes of one statement. */
export interface Transformation {
  readonly stages: readonly Stage[]
  /** Where the end is another schema than the direct change makes, and why; empty when it is the same. */
  readonly differs?: readonly string[]
  /** For a person to know before they begin. */
  readonly notes?: readonly string[]
}

/** There is no way that keeps both releases working; what to do instead. */
export interface NoWay {
  readonly noWay: string
}

export function deploy(
  phase: DeployStage['phase'],
  code: string,
  ...files: readonly (PlannedFile | readonly PlannedFile[])[]
): DeployStage {
  return { kind: 'deploy', phase, code, files: files.flat() }
}

export function backfillOf(
  what: string,
  sql: string,
  note: string,
  waits: BackfillStage['waits'] = 'live',
): BackfillStage {
  return { kind: 'backfill', what: fileName(what), sql, note, waits }
}

/** What a contract that refuses itself says to do. */
export function backfillHint({ what }: Pick<BackfillStage, 'what'>): string {
  return `backflip migrations backfill … ${fileName(what)}.sql`
}

export function together(what: string, up: readonly string[], down: readonly string[]): PlannedFile {
  return { what, up, down, run: 'together' }
}

export function alone(what: string, up: string, down: string): PlannedFile {
  return { what, up: [up], down: [down], run: 'alone' }
}

/** A migration that changes nothing: a release that carries it no longer needs the old shape, and a contract can name it. */
export function marker(what: string): PlannedFile {
  return together(what, ['SELECT 1'], ['SELECT 1'])
}
