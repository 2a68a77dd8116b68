import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { verifyHistory } from '../../src/operations/verify-history.ts'
import { openSqliteJournal } from '../../src/store/sqlite/journal.ts'

const WRITER = fileURLToPath(new URL('./journal-writer.ts', import.meta.url))
/** Opening, the lease, three entries and giving it back: more calls of one kind than that takes. */
const MOST_CALLS = 60

let folder: string
const file = () => join(folder, 'journal.sqlite')

beforeAll(() => {
  if (spawnSync('strace', ['-V']).status !== 0)
    throw new Error('strace is missing: these tests need it (Debian package strace)')
})
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bf-journal-io-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A writer of its own whose n-th call of a kind on the journal's files fails. What it said is `<seq>` for each entry that it was told is durable. */
function write(call: string, error: string, n: number) {
  const trace = join(folder, 'trace')
  // Not `-shm`: that is memory, made anew by whoever comes first.
  const files = ['', '-wal'].flatMap((end) => ['-P', `${file()}${end}`])
  const inject = ['-e', `trace=${call}`, '-e', `inject=${call}:error=${error}:when=${n}`]
  const argv = ['-f', '-qq', '-o', trace, ...files, ...inject, process.execPath, WRITER, file()]
  const { status, stdout, stderr } = spawnSync('strace', argv, { encoding: 'utf8', timeout: 30_000 })
  const reached = readFileSync(trace, 'utf8').includes('INJECTED')
  return {
    exitCode: status,
    told: stdout
      .split('\n')
      .filter((line) => line !== '')
      .map(Number),
    said: stderr,
    reached,
  }
}

describe('I5, I8: the disk of the journal fails', () => {
  it.each([
    ['fsync', 'EIO', 'journal-io'],
    ['pwrite64', 'EIO', 'journal-io'],
    ['pwrite64', 'ENOSPC', 'journal-full'],
  ] as const)(
    '%s says %s, wherever: what was told is there, the chain is whole, the error is told',
    async (call, error, code) => {
      const outcomes: string[] = []
      for (let n = 1; n <= MOST_CALLS; n += 1) {
        const { exitCode, told, said, reached } = write(call, error, n)
        if (!reached) break
        // A call may fail without harm (at closing, when SQLite tidies up): then nothing was to be told.
        outcomes.push(exitCode === 0 ? 'done' : said.slice(0, said.indexOf(':')))
        const journal = await openSqliteJournal({
          file: file(),
          app: 'hello',
          environment: 'local',
          now: () => '',
          newId: () => 'x',
        })
        try {
          const { seq } = await journal.head()
          expect(seq).toBeGreaterThanOrEqual(told.at(-1) ?? 0)
          expect(await verifyHistory({ journal, anchor: null })).toMatchObject({ ok: true, entries: seq })
        } finally {
          await journal.close()
        }
      }
      expect(outcomes).toContain(code)
      expect(outcomes.filter((one) => one !== code && one !== 'done')).toEqual([])
    },
  )
})
