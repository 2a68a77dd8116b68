import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { redactor } from '../../lib/redactor.ts'
import { addedLines } from './added-lines.ts'

let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'backflip-lines-'))
  file = join(folder, 'log')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

test('a line comes when it is whole, and only what is new', async () => {
  await writeFile(file, 'before\n')
  const { read } = await addedLines(file, 'end')
  expect(await read()).toEqual([])
  await appendFile(file, 'one\ntw')
  expect(await read()).toEqual(['one'])
  await appendFile(file, 'o\n\nfour\n')
  expect(await read()).toEqual(['two', '', 'four'])
})

test('a letter cut in two is put together again', async () => {
  const bytes = Buffer.from('grün\n')
  await writeFile(file, bytes.subarray(0, 3))
  const { read } = await addedLines(file, 'beginning')
  expect(await read()).toEqual([])
  await appendFile(file, bytes.subarray(3))
  expect(await read()).toEqual(['grün'])
})

test('a line without end comes in pieces, and a truncated file from its beginning', async () => {
  await writeFile(file, 'x'.repeat(70_000))
  const { read } = await addedLines(file, 'beginning')
  expect((await read()).map(({ length }) => length)).toEqual([65_536])
  expect(await read()).toEqual([])
  await writeFile(file, 'anew\n')
  expect(await read()).toEqual(['anew'])
})

test('I10: secrets are redacted by value, the longer first, and each line of one with several', () => {
  const redact = redactor(['hunter22', 'hunter22-long', 'first line\nsecond line', 'abc'])
  expect(redact('hunter22-long hunter22 abc')).toBe('[secret] [secret] abc')
  expect(redact('second line')).toBe('[secret]')
})
