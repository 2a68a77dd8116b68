import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type BackflipError, refusal } from '../../domain/errors.ts'
import type { Sha } from '../../domain/ids.ts'
import { writeFileAtomic } from '../../lib/atomic-file.ts'
import { ensurePrivateFolder } from '../../lib/safe-folder.ts'
import type { RecordedStatement, ReleaseUsage, UsageStore } from '../../ports/usage-store.ts'

const MAX_BYTES = 8 * 1024 * 1024

/** `<sha>.json` in a folder. */
export function folderUsageStore(folder: string): UsageStore {
  return {
    async read(sha) {
      const file = join(folder, `${sha}.json`)
      const found = statSync(file, { throwIfNoEntry: false })
      if (found === undefined) return null
      if (found.size > MAX_BYTES) throw bad(file, `it is larger than ${MAX_BYTES} bytes`)
      return parseUsage(readFileSync(file, 'utf8'), file, sha)
    },
    async write(usage) {
      ensurePrivateFolder(folder)
      const text = `${JSON.stringify(usage, null, 1)}\n`
      const file = join(folder, `${usage.sha}.json`)
      if (Buffer.byteLength(text) > MAX_BYTES) throw bad(file, `it would be larger than ${MAX_BYTES} bytes`)
      await writeFileAtomic(file, text, { mode: 0o600 })
    },
  }
}

/** As written by `write`, by hand, or by a recording. Error `bad-usage` (kind `refused`). */
export function parseUsage(text: string, file: string, sha: Sha | null): ReleaseUsage {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw bad(file, 'it is not JSON', cause)
  }
  if (typeof value !== 'object' || value === null) throw bad(file, 'it is not an object')
  const { version, sha: of, source, collectedAt, uses, statements = [] } = value as { readonly [key: string]: unknown }
  if (version !== 1) throw bad(file, `its version is ${String(version)}, and this backflip knows 1`)
  if (sha !== null && of !== sha) throw bad(file, 'it is of another release')
  if (typeof source !== 'string' || typeof collectedAt !== 'string') throw bad(file, 'it does not say where and when')
  if (!Array.isArray(uses) || !uses.every((one): one is string => typeof one === 'string'))
    throw bad(file, 'uses is no list of texts')
  if (!Array.isArray(statements) || !statements.every(isStatement)) throw bad(file, 'statements is no list of queries')
  return { version, sha: of as Sha, source, collectedAt, uses, statements }
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
function bad(file: string, what: string, cause?: unknown): BackflipError {
  return refusal(`the usage of a release cannot be read: ${what}`, {
    code: 'bad-usage',
    details: [file],
    hint: 'collect it again, or remove the file',
    cause,
  })
}
