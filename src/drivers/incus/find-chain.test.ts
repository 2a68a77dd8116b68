import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runCommand } from '../local/run-command.ts'
import { assertPath, inOrder, replaceFile } from './find-chain.ts'
import { systemError } from './system-errors.ts'

const LIMIT = { timeoutMs: 10_000, env: { PATH: process.env.PATH ?? '', LC_ALL: 'C' } }

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bf-chain-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))
const at = (...parts: readonly string[]) => join(folder, ...parts)

const replace = (aside: string, size: number, stdin: string) =>
  runCommand(replaceFile({ path: at('file'), aside, mode: 0o640, size }), { ...LIMIT, stdin })

describe('replaceFile', () => {
  it('makes the file as a whole, with its mode, and says so', async () => {
    const { stdout } = await replace(at('aside'), 3, 'new')
    expect(stdout).toBe(`${at('aside')}\n`)
    expect(readFileSync(at('file'), 'utf8')).toBe('new')
    expect(statSync(at('file')).mode & 0o777).toBe(0o640)
    expect(readdirSync(folder)).toEqual(['file'])
  })

  it.each([
    ['too little', 4, 'new'],
    ['too much', 2, 'new'],
    ['nothing', 3, ''],
  ])('keeps the old file when %s arrives', async (_what, size, stdin) => {
    writeFileSync(at('file'), 'old')
    expect((await replace(at('aside'), size, stdin)).stdout).toBe('')
    expect(readFileSync(at('file'), 'utf8')).toBe('old')
    expect(readdirSync(folder)).toEqual(['file'])
  })

  it('I7: names the folder that is gone as the reason', async () => {
    const { stdout, stderr } = await replace(at('gen-1', 'aside'), 3, 'new')
    expect({ stdout, code: systemError(stderr).code }).toEqual({ stdout: '', code: 'ENOENT' })
    expect(readdirSync(folder)).toEqual([])
  })
})

describe('inOrder', () => {
  it('stops at the first that fails, and then says nothing on standard output', async () => {
    const chain = inOrder([
      ['mkdir', at('a')],
      ['mkdir', at('a')],
      ['mkdir', at('b')],
    ])
    const { stdout, stderr } = await runCommand(chain, LIMIT)
    expect({ stdout, code: systemError(stderr).code }).toEqual({ stdout: '', code: 'EEXIST' })
    expect(readdirSync(folder)).toEqual(['a'])
    expect((await runCommand(inOrder([['rmdir', at('a')]]), LIMIT)).stdout).toBe('/\n')
  })

  it('tells a program that is missing from a file that is', async () => {
    const { stderr } = await runCommand(inOrder([['no-such-program-anywhere']]), LIMIT)
    expect(systemError(stderr).code).toBeUndefined()
    mkdirSync(at('full', 'inside'), { recursive: true })
    mkdirSync(at('other', 'inside'), { recursive: true })
    const { stderr: moved } = await runCommand(inOrder([['mv', '-fT', at('full'), at('other')]]), LIMIT)
    expect(systemError(moved).code).toBe('ENOTEMPTY')
  })
})

describe('assertPath', () => {
  it.each(['relative', '', '/a/{}', '/a\nb', '-delete'])('refuses %j', (path) => {
    expect(() => assertPath(path)).toThrow(expect.objectContaining({ code: 'bad-container-path', kind: 'usage' }))
  })
})
