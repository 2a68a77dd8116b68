import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { CommandInput } from './define-command.ts'
import { overrideAsk } from './override-options.ts'

let cwd: string
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'bf-override-'))
  writeFileSync(join(cwd, 'back.sql'), 'SELECT 1')
})
afterAll(() => rmSync(cwd, { recursive: true, force: true }))

const ask = (options: { readonly [name: string]: unknown }) =>
  overrideAsk({ options, io: { cwd } } as unknown as CommandInput, true)

const SAID = { override: ' drop-column, set-not-null ,drop-column', reason: 'x' }

it('reads rules once each, and the inverse from its file', async () => {
  expect(await ask({ ...SAID, inverse: 'back.sql', expires: '2026-12-31' })).toEqual({
    rules: ['drop-column', 'set-not-null'],
    reason: 'x',
    inverse: { file: 'back.sql', text: 'SELECT 1' },
    hasNoInverse: false,
    expires: '2026-12-31',
    asks: true,
  })
})

it('takes --no-inverse-possible as either parser hands it over, and commander’s default for nothing said', async () => {
  expect(await ask({ ...SAID, noInversePossible: true })).toMatchObject({ hasNoInverse: true, inverse: null })
  expect(await ask({ ...SAID, inversePossible: false })).toMatchObject({ hasNoInverse: true })
  expect(await ask({ ...SAID, inversePossible: true })).toMatchObject({ hasNoInverse: false })
  expect(await ask({ inversePossible: true })).toBeNull()
})

it.each([
  [{ ...SAID, inverse: 'back.sql', noInversePossible: true }, 'bad-option'],
  [{ ...SAID, override: ' , ' }, 'bad-rules'],
  [{ override: 'drop-column' }, 'no-reason'],
  [{ noInversePossible: true }, 'no-override'],
  [{ ...SAID, inverse: '..' }, 'no-such-file'],
])('%j is refused: %s', async (options, code) => {
  await expect(ask(options)).rejects.toMatchObject({ code, kind: 'usage' })
})
