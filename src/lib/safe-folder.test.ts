import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ensurePrivateFolder, ensureUncommittedFolder, isPrivateFolder } from './safe-folder.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'backflip-safe-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const unsafe = expect.objectContaining({ code: 'unsafe-state-folder', kind: 'refused' })

test('makes a folder that only we can use, and accepts it again', async () => {
  const path = join(folder, 'a', 'b')
  expect(isPrivateFolder(path)).toBe(false)
  ensurePrivateFolder(path)
  ensurePrivateFolder(path)
  expect((await stat(path)).mode & 0o777).toBe(0o700)
})

test.each([0o770, 0o707, 0o720, 0o702, 0o777])('refuses a folder that others can write into: mode %o', async (mode) => {
  const path = join(folder, 'open')
  await mkdir(path)
  await chmod(path, mode)
  expect(() => ensurePrivateFolder(path)).toThrowError(unsafe)
  expect((await stat(path)).mode & 0o777).toBe(mode)
})

test('accepts a folder that others can only read', async () => {
  const path = join(folder, 'readable')
  await mkdir(path)
  await chmod(path, 0o755)
  ensurePrivateFolder(path)
  expect(isPrivateFolder(path)).toBe(true)
})

test('refuses a symbolic link, and a file', async () => {
  await mkdir(join(folder, 'real'), { mode: 0o700 })
  await symlink(join(folder, 'real'), join(folder, 'link'))
  await writeFile(join(folder, 'file'), '')
  expect(() => ensurePrivateFolder(join(folder, 'link'))).toThrowError(unsafe)
  expect(() => isPrivateFolder(join(folder, 'file'))).toThrowError(unsafe)
})

test('one that is made to hold state is never committed by accident; one that was there stays as it is', async () => {
  const made = join(folder, 'made')
  ensureUncommittedFolder(made)
  expect(await readFile(join(made, '.gitignore'), 'utf8')).toBe('*\n')
  expect((await stat(made)).mode & 0o777).toBe(0o700)
  await rm(join(made, '.gitignore'))
  ensureUncommittedFolder(made)
  expect(await readdir(made)).toEqual([])
})
