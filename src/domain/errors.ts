/**
 * What kind of ending an error is for the operator. The CLI maps it to an exit code (`cli/exit-codes.ts`).
 * - `usage`    2: the command line or the configuration is wrong; nothing was touched
 * - `refused`  3: a gate said no; nothing was changed
 * - `held`     4: another operation or a person holds the environment
 * - `failed`   1: it did not work; users saw nothing
 * - `person`   6: a person is needed, because something is stuck or cannot be known
 */
export type ErrorKind = 'usage' | 'refused' | 'held' | 'failed' | 'person'

/** Where in somebody's input the mistake is. Lines and columns count from 1. */
export interface Place {
  readonly file?: string
  readonly line?: number
  readonly column?: number
  readonly flag?: string
}

export interface ErrorFacts {
  /** Stable, kebab-case; for scripts and for `docs/what-happens-when.md`. */
  readonly code: string
  readonly kind: ErrorKind
  /** The next command to type, or the next thing to do. */
  readonly hint?: string | undefined
  readonly place?: Place | undefined
  /** Lines of detail below the message: one fact a line. */
  readonly details?: readonly string[] | undefined
  readonly cause?: unknown
}

const NAME = 'BackflipError'

/** Every error we raise on purpose. The message never repeats the cause's text; printers walk the chain. */
export class BackflipError extends Error {
  readonly code: string
  readonly kind: ErrorKind
  readonly hint: string | undefined
  readonly place: Place | undefined
  readonly details: readonly string[]

  /** By its marks and not by its maker: the package is several bundles, and each has a copy of this class. */
  static override [Symbol.hasInstance](value: unknown): value is BackflipError {
    return value instanceof Error && value.name === NAME && 'kind' in value && 'code' in value
  }

  constructor(message: string, facts: ErrorFacts) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause })
    this.name = NAME
    this.code = facts.code
    this.kind = facts.kind
    this.hint = facts.hint
    this.place = facts.place
    this.details = facts.details ?? []
  }
}

/** Bad input, at the boundary. */
export function usageError(message: string, facts: Omit<ErrorFacts, 'kind'>): BackflipError {
  return new BackflipError(message, { ...facts, kind: 'usage' })
}

/** A gate says no and nothing was changed. */
export function refusal(message: string, facts: Omit<ErrorFacts, 'kind'>): BackflipError {
  return new BackflipError(message, { ...facts, kind: 'refused' })
}

/** An error as it is kept in the journal: read again after a crash, so plain data. */
export interface ErrorRecord {
  readonly code: string
  readonly kind: ErrorKind
  readonly message: string
  readonly hint?: string
  readonly details?: readonly string[]
  /** Messages of the causes, outermost first. */
  readonly causes?: readonly string[]
}

const MAX_CAUSES = 8

export function toErrorRecord(error: unknown): ErrorRecord {
  const causes: string[] = []
  let cause = error instanceof Error ? error.cause : undefined
  while (cause !== undefined && causes.length < MAX_CAUSES) {
    causes.push(cause instanceof Error ? cause.message : String(cause))
    cause = cause instanceof Error ? cause.cause : undefined
  }
  const base = {
    message: error instanceof Error ? error.message : String(error),
    ...(causes.length > 0 ? { causes } : {}),
  }
  if (!(error instanceof BackflipError)) return { code: 'unexpected', kind: 'failed', ...base }
  return {
    code: error.code,
    kind: error.kind,
    ...base,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.details.length > 0 ? { details: error.details } : {}),
  }
}

export function fromErrorRecord(record: ErrorRecord): BackflipError {
  const cause = record.causes?.reduceRight<Error | undefined>(
    (inner, message) => new Error(message, inner === undefined ? undefined : { cause: inner }),
    undefined,
  )
  return new BackflipError(record.message, { ...record, cause })
}
