import { type BackflipError, refusal } from '../errors.ts'
import { isSha, type Sha } from '../ids.ts'

/** What a release asks of the database, as somebody collected it. */
export interface ReleaseUsage extends UsageFile {
  readonly sha: Sha
}

/** As it is written. A recording that no release has taken yet has no SHA. */
export interface UsageFile {
  readonly version: 1
  readonly sha: Sha | null
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
  /** What was asked besides, and is not among them: with more than 0, the queries do not speak for all that the release needs. */
  readonly leftOut: number
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

/** As a store, a person or a recording wrote it. Error `bad-usage` (kind `refused`). */
export function parseUsage(text: string, file: string): UsageFile {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw badUsage(file, 'it is not JSON', cause)
  }
  if (typeof value !== 'object' || value === null) throw badUsage(file, 'it is not an object')
  const {
    version,
    sha: of,
    source,
    collectedAt,
    uses,
    statements = [],
    leftOut = 0,
  } = value as { readonly [key: string]: unknown }
  if (version !== 1) throw badUsage(file, `its version is ${String(version)}, and this backflip knows 1`)
  if (of !== null && (typeof of !== 'string' || !isSha(of))) throw badUsage(file, 'sha is no release')
  if (typeof source !== 'string' || typeof collectedAt !== 'string')
    throw badUsage(file, 'it does not say where and when')
  if (!Array.isArray(uses) || !uses.every((one): one is string => typeof one === 'string'))
    throw badUsage(file, 'uses is no list of texts')
  if (!Array.isArray(statements) || !statements.every(isStatement))
    throw badUsage(file, 'statements is no list of queries')
  if (typeof leftOut !== 'number') throw badUsage(file, 'leftOut is no number')
  return { version, sha: of, source, collectedAt, uses, statements, leftOut }
}

function isStatement(value: unknown): value is RecordedStatement {
  if (typeof value !== 'object' || value === null) return false
  const { text, calls, parameterTypes, samples } = value as { readonly [key: string]: unknown }
  const isText = (one: unknown) => one === null || typeof one === 'string'
  return (
    typeof text === 'string' &&
    (calls === null || typeof calls === 'number') &&
    Array.isArray(parameterTypes) &&
    parameterTypes.every((one) => Number.isInteger(one)) &&
    Array.isArray(samples) &&
    samples.every((one) => Array.isArray(one) && one.every(isText))
  )
}

/** Not taken for "uses nothing": that would open a gate. */
export function badUsage(file: string, what: string, cause?: unknown): BackflipError {
  return refusal(`the usage of a release cannot be read: ${what}`, {
    code: 'bad-usage',
    details: [file],
    hint: 'collect it again, or remove the file',
    cause,
  })
}
