import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import type { OperationId } from '../../../domain/ids.ts'
import { formatEnvironment, parseEnvironment } from './environment-file.ts'
import { innerPaths, parseExitNote } from './files-in-container.ts'
import { quoteForShell } from './rc-script.ts'
import { oneOffUnit, quoteForSystemd, serviceUnit } from './systemd-unit.ts'

const folder = mkdtempSync(join(tmpdir(), 'backflip-texts-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const sh = (script: string) => spawnSync('sh', ['-c', script], { encoding: 'utf8', env: {} }).stdout
/** Without what no service can have: control characters other than tab and line feed, and halves of letters. */
const text = fc
  .string({
    unit: fc.oneof(
      fc.constantFrom('"', '\\', '$', '`', "'", '\n', '\t', '%', ' '),
      fc.string({ minLength: 1, maxLength: 1 }),
    ),
  })
  .filter((one) => !/\p{Cc}/u.test(one.replace(/[\t\n]/g, '')))

describe('an environment file', () => {
  it('says to a shell what was meant, whatever that is, and is read back', () => {
    const file = join(folder, 'environment')
    fc.assert(
      fc.property(text, (value) => {
        writeFileSync(file, formatEnvironment('web', { A: value, B: 'b' }))
        expect(sh(`. ${file}; printf '%s|%s' "$A" "$B"`)).toBe(`${value}|b`)
        expect(parseEnvironment(formatEnvironment('web', { A: value, B: 'b' }))).toEqual({ A: value, B: 'b' })
      }),
      { numRuns: 60 },
    )
  })

  it.each([
    ['A', 'a\u001bb'],
    ['A', 'a\rb'],
    ['A', 'a\0b'],
    ['A.B', 'a'],
    ['A-B', 'a'],
    ['1A', 'a'],
    ['A B', 'a'],
  ])('refuses %j=%j, which systemd would drop without a word', (name, value) => {
    expect(() => formatEnvironment('web', { [name]: value })).toThrow(
      expect.objectContaining({ code: 'bad-environment', kind: 'usage' }),
    )
  })
})

describe('a command', () => {
  it('comes through a shell as the words it was', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), (words) => {
        expect(sh(`printf '%s|' ${words.map(quoteForShell).join(' ')}`)).toBe(`${words.join('|')}|`)
      }),
      { numRuns: 40 },
    )
  })

  it('is one word to systemd, with nothing of its language left in it', () => {
    expect(quoteForSystemd('a "b" \\ $HOME %h\nc')).toBe('"a \\"b\\" \\\\ $$HOME %%h\\nc"')
  })
})

describe('a unit', () => {
  const paths = innerPaths({ folder: '/opt/app' }, '01890000-0000-7000-8000-000000000001' as OperationId)
  const ask = { description: 'web', paths, argv: ['/opt/x', '100%'], user: 'app', stopTimeoutMs: 1_500 }

  it('carries the operation in its name and in every path', () => {
    expect(paths.unit).toContain('01890000-0000-7000-8000-000000000001')
    const unit = serviceUnit(ask)
    expect(unit).toContain('ExecStart="/opt/x" "100%%"\n')
    expect(unit).toContain('TimeoutStopSec=1.500\n')
    expect(unit).toContain('Restart=on-failure\n')
    expect(unit.match(/\/opt\/app\/(?!01890000-0000-7000-8000-000000000001\/)/)).toBeNull()
  })

  it('of a one-off begins once, is never begun by a boot and never again by itself', () => {
    const unit = oneOffUnit({ ...ask, timeoutMs: 60_000 })
    expect(unit).toContain(`ConditionPathExists=!${paths.claim}\n`)
    expect(unit).toContain(`ExecStartPre=+/bin/mkdir ${paths.claim}\n`)
    expect(unit).toContain('RuntimeMaxSec=60.000\n')
    expect(unit).not.toMatch(/Restart=|\[Install\]/)
  })
})

describe('a note of an end', () => {
  it.each([
    ['exit-code exited 3\n', { result: 'exit-code', exit: '3' }],
    ['success exited 0\n', { result: 'success', exit: '0' }],
    ['signal killed KILL\n', { result: 'signal', exit: 'SIGKILL' }],
    ['exit-code exited', null],
    ['', null],
  ])('%j is %j', (written, meant) => {
    expect(parseExitNote(written)).toEqual(meant)
  })
})
