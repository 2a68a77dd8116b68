import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { BackflipError } from '../domain/errors.ts'
import { writeFileAtomic } from '../lib/atomic-file.ts'
import { ensurePrivateFolder, ensureUncommittedFolder, isPrivateFolder } from '../lib/safe-folder.ts'
import { sha256Hex } from '../lib/sha256.ts'
import type { Config } from './types.ts'

/** Of the types that are cached. Raised with every change of `types.ts`, of a default or of a rule, so that an old cache is never believed. */
const CACHE_VERSION = 4

function cacheFolder(folder: string): string {
  return join(folder, '.backflip', 'config-cache')
}

/** Null unless it is there, whole, ours, and in folders that nobody else can write into: then it is as good as validating again. */
export async function readCached(folder: string, key: string): Promise<Config | null> {
  try {
    if (!isPrivateFolder(join(folder, '.backflip')) || !isPrivateFolder(cacheFolder(folder))) return null
    const text = readFileSync(join(cacheFolder(folder), `${key}.json`), 'utf8')
    const newline = text.indexOf('\n')
    const body = text.slice(newline + 1)
    return text.slice(0, newline) === stampOf(body) ? (JSON.parse(body) as Config) : null
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof BackflipError) return null
    throw error
  }
}

/** A cache that cannot be written is no reason to fail: the next start validates again. */
export async function writeCached(folder: string, key: string, config: Config): Promise<void> {
  try {
    ensureUncommittedFolder(join(folder, '.backflip'))
    ensurePrivateFolder(cacheFolder(folder))
    const body = JSON.stringify(config)
    await writeFileAtomic(join(cacheFolder(folder), `${key}.json`), `${stampOf(body)}\n${body}`)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const isAboutWriting =
      error instanceof BackflipError || ['EACCES', 'EROFS', 'ENOSPC', 'EPERM', 'EDQUOT'].includes(code ?? '')
    if (!isAboutWriting) throw error
  }
}

function stampOf(body: string): string {
  return sha256Hex(`${CACHE_VERSION}\n${body}`)
}
