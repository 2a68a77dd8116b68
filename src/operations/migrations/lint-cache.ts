import { mkdirSync, readdirSync, readFileSync, statSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { BackflipError } from '../../domain/errors.ts'
import { writeFileAtomic } from '../../lib/atomic-file.ts'
import { ensurePrivateFolder, isPrivateFolder } from '../../lib/safe-folder.ts'
import { sha256Hex } from '../../lib/sha256.ts'
import type { LintFile, LintResult } from '../../migrations/lint/lint.ts'

/** Results of earlier runs. A cache that cannot be used is no reason to fail. */
export interface LintCache {
  readonly read: (key: string) => LintResult | null
  readonly write: (key: string, result: LintResult) => Promise<void>
}

const MAX_ENTRIES = 50
const MAX_ENTRY_BYTES = 64 * 1024 * 1024

/**
 * What a result depends on: every file in order (so, for each, those before it), what was asked, and `version` of the rules. The day counts where
 * an allow may expire.
 */
export function lintKey(version: string, settings: unknown, files: readonly LintFile[], today: string): string {
  const parts = files.map(({ name, path, text, transaction, isPending, problems }) =>
    [name, path, transaction, isPending, JSON.stringify(problems), sha256Hex(text)].join('\0'),
  )
  const day = files.some(({ text }) => text.includes('backflip:allow')) ? today : ''
  return sha256Hex([version, JSON.stringify(settings), day, ...parts].join('\n'))
}

/** A folder that only its owner can write into: what is in it is believed. */
export function lintCacheIn(folder: string): LintCache {
  const fileOf = (key: string) => join(folder, `${key}.json`)
  return {
    read(key) {
      return attempt(() => {
        if (!isPrivateFolder(folder)) return null
        const text = readFileSync(fileOf(key), 'utf8')
        const newline = text.indexOf('\n')
        const body = text.slice(newline + 1)
        return text.slice(0, newline) === sha256Hex(body) ? (JSON.parse(body) as LintResult) : null
      })
    },
    async write(key, result) {
      const body = JSON.stringify(result)
      if (body.length > MAX_ENTRY_BYTES) return
      const isReady = attempt(() => {
        mkdirSync(folder, { recursive: true, mode: 0o700 })
        ensurePrivateFolder(folder)
        prune(folder)
        return true
      })
      if (isReady !== true) return
      await writeFileAtomic(fileOf(key), `${sha256Hex(body)}\n${body}`).catch(ignoreUnwritable)
    },
  }
}

/** The oldest go first. */
function prune(folder: string): void {
  const entries = readdirSync(folder).filter((name) => name.endsWith('.json'))
  if (entries.length < MAX_ENTRIES) return
  const byAge = entries
    .map((name) => ({ file: join(folder, name), at: statSync(join(folder, name)).mtimeMs }))
    .toSorted((a, b) => a.at - b.at)
  for (const { file } of byAge.slice(0, entries.length - MAX_ENTRIES + 1)) unlinkSync(file)
}

const HARMLESS = new Set(['ENOENT', 'EACCES', 'EROFS', 'ENOSPC', 'EPERM', 'EDQUOT', 'ENOTDIR', 'ENAMETOOLONG'])

function attempt<T>(run: () => T): T | null {
  try {
    return run()
  } catch (error) {
    ignoreUnwritable(error)
    return null
  }
}

function ignoreUnwritable(error: unknown): void {
  if (error instanceof BackflipError || HARMLESS.has((error as NodeJS.ErrnoException).code ?? '')) return
  if (error instanceof SyntaxError) return
  throw error
}
