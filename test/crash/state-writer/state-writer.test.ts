import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'

const WRITER = fileURLToPath(new URL('./writer.ts', import.meta.url))
const OLD = 'old\n'.repeat(2_000)
const NEW = 'new\n'.repeat(2_000)
/** More calls of one kind than a run of the writer makes. */
const MOST_CALLS = 40

let folder: string
const file = () => join(folder, 'state')

beforeAll(() => {
  if (spawnSync('strace', ['-V']).status !== 0)
    throw new Error('strace is missing: these tests need it (Debian package strace)')
})
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bf-writer-'))
  writeFileSync(file(), OLD)
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Runs the writer with something injected at the n-th call of a kind, counted from its start, over all threads. */
function write(
  call: string,
  what: string,
  n: number,
): { readonly killed: boolean; readonly exitCode: number | null; readonly said: string } {
  const argv = ['-o', '/dev/null', '-e', `trace=${call}`, '-e', `inject=${call}:${what}:when=${n}`]
  return traced(argv)
}

/** Over all threads; `under` is what the writer itself is started with. */
function traced(options: readonly string[], under: readonly string[] = []) {
  const argv = ['-f', '-qq', ...options, ...under, process.execPath, WRITER, file(), 'new\n']
  const { status, signal, stderr } = spawnSync('strace', argv, { encoding: 'utf8', timeout: 30_000, cwd: folder })
  return { killed: signal === 'SIGKILL' || status === 137, exitCode: status, said: stderr.trim() }
}

describe('the writer of state files, killed at every call that touches the disk', () => {
  it.each(['fsync', 'rename', 'pwrite64,write'])('%s: the old bytes or the new ones, never another thing', (calls) => {
    let kills = 0
    for (const call of calls.split(',')) {
      for (let n = 1; n <= MOST_CALLS; n += 1) {
        writeFileSync(file(), OLD)
        const { killed } = write(call, 'signal=KILL', n)
        expect([OLD, NEW]).toContain(readFileSync(file(), 'utf8'))
        if (!killed) break
        kills += 1
      }
    }
    // A kill that never happened proves nothing.
    expect(kills).toBeGreaterThan(0)
  })

  it('it is complete when it is not disturbed', () => {
    expect(write('fsync', 'error=EIO', 99)).toMatchObject({ killed: false, exitCode: 0 })
    expect(readFileSync(file(), 'utf8')).toBe(NEW)
    expect(readdirSync(folder)).toEqual(['state'])
  })
})

describe('the writer of state files on a disk that fails', () => {
  const faults: readonly (readonly [string, string])[] = [
    ['fsync', 'EIO'],
    ['fsync', 'ENOSPC'],
    ['rename', 'EIO'],
    ['rename', 'ENOSPC'],
  ]
  it.each(faults)('%s says %s: the old file is whole, the error is told, nothing is left over', (call, error) => {
    const { exitCode, said } = write(call, `error=${error}`, 1)
    expect(exitCode).toBe(3)
    expect(said).toContain(error)
    expect(readFileSync(file(), 'utf8')).toBe(OLD)
    expect(readdirSync(folder)).toEqual(['state'])
  })

  it('fsync is asked once and never again on the same file: the kernel may have dropped the pages', () => {
    const trace = join(folder, 'trace')
    const { exitCode } = traced(['-o', trace, '-e', 'trace=fsync', '-e', 'inject=fsync:error=EIO:when=1+'])
    const asked = readFileSync(trace, 'utf8').match(/fsync\(/g) ?? []
    expect({ exitCode, asked: asked.length }).toEqual({ exitCode: 3, asked: 1 })
  })

  it('fsync of the folder says EIO, after the rename: the error is told, the file is one of the two, nothing is left over', () => {
    const { exitCode, said } = write('fsync', 'error=EIO', 2)
    expect({ exitCode, said }).toEqual({ exitCode: 3, said: 'EIO' })
    expect(readFileSync(file(), 'utf8')).toBe(NEW)
    expect(readdirSync(folder)).toEqual(['state'])
  })

  it('a write that takes only a part, and then none: the old file is whole, the error is told, nothing is left over', () => {
    const trace = join(folder, 'trace')
    const limitBytes = 4_096
    const { exitCode, said } = traced(['-o', trace, '-e', 'trace=write,pwrite64'], ['prlimit', `--fsize=${limitBytes}`])
    const taken = readFileSync(trace, 'utf8').matchAll(/write(?:64)?\(\d+, "new.*= (-?\d+)/g)
    // The kernel took the first part, and refused the rest.
    const [first, ...rest] = [...taken].map(([, result]) => Number(result))
    expect(first).toBe(limitBytes)
    expect(new Set(rest)).toEqual(new Set([-1]))
    expect({ exitCode, said }).toEqual({ exitCode: 3, said: 'EFBIG' })
    expect(readFileSync(file(), 'utf8')).toBe(OLD)
    expect(readdirSync(folder).toSorted()).toEqual(['state', 'trace'])
  })

  it('a full disk at the write itself', () => {
    const reached = ['write', 'pwrite64'].flatMap((call) =>
      Array.from({ length: 12 }, (_, index) => {
        writeFileSync(file(), OLD)
        const { exitCode, said } = write(call, 'error=ENOSPC', index + 1)
        return { exitCode, said, text: readFileSync(file(), 'utf8') }
      }),
    )
    expect(reached.every(({ text }) => text === OLD || text === NEW)).toBe(true)
    expect(reached.some(({ exitCode, said, text }) => exitCode === 3 && said.includes('ENOSPC') && text === OLD)).toBe(
      true,
    )
  })
})
