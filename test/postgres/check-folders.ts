import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { requirePostgres } from './cluster.ts'

/** A cache for all tests of the file, with its server and templates, and for each test a folder with `m` in it. */
export function checkFolders(): { readonly cache: string; readonly folder: string } {
  const folders = { cache: '', folder: '' }
  beforeAll(() => {
    requirePostgres()
    folders.cache = mkdtempSync(join(tmpdir(), 'bf-check-'))
    // Root's server is another user's.
    chmodSync(folders.cache, 0o711)
  })
  afterAll(() => rmSync(folders.cache, { recursive: true, force: true }))
  beforeEach(() => {
    folders.folder = mkdtempSync(join(tmpdir(), 'bf-check-m-'))
    mkdirSync(join(folders.folder, 'm'))
  })
  afterEach(() => rmSync(folders.folder, { recursive: true, force: true }))
  return folders
}
