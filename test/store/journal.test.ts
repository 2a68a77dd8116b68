import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseJournalId } from '../../src/domain/ids.ts'
import { hashOf } from '../../src/lib/hash-chain.ts'
import { uuid7 } from '../../src/lib/uuid7.ts'
import { verifyHistory } from '../../src/operations/verify-history.ts'
import type { Journal } from '../../src/ports/journal.ts'
import { memoryJournal } from '../../src/store/memory/journal.ts'
import { openSqliteJournal } from '../../src/store/sqlite/journal.ts'
import { journalContract } from '../contract/journal.ts'

const now = () => new Date().toISOString()

journalContract('memory', async () => {
  const journal = memoryJournal({ id: parseJournalId(uuid7()), app: 'hello', environment: 'local', now })
  return { journal, reopen: async () => journal, close: async () => undefined }
})

let folder: string
const file = () => join(folder, 'journal.sqlite')
const open = () => openSqliteJournal({ file: file(), app: 'hello', environment: 'local', now, newId: () => uuid7() })

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bf-journal-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

journalContract('SQLite', async () => {
  const own = mkdtempSync(join(tmpdir(), 'bf-journal-'))
  const openOwn = () =>
    openSqliteJournal({ file: join(own, 'j.sqlite'), app: 'hello', environment: 'local', now, newId: () => uuid7() })
  const opened = [await openOwn()]
  return {
    journal: opened[0] as Journal,
    reopen: async () => {
      const again = await openOwn()
      opened.push(again)
      return again
    },
    close: async () => {
      for (const one of opened) await one.close()
      rmSync(own, { recursive: true, force: true })
    },
  }
})

const holder = { actor: 'ann', host: 'h', pid: 1, processStart: '1', bootId: 'b' }

async function fill(entries: number): Promise<void> {
  const journal = await open()
  const answer = await journal.takeLease({ kind: 'operation', holder, message: 'fill' })
  if ('held' in answer) throw new Error('held')
  for (let n = 0; n < entries; n += 1)
    await journal.append(answer.taken.token, [
      { operation: null, actor: 'ann', fact: { kind: 'frozen', reason: `r${n}` } },
    ])
  await journal.close()
}

/** Changes the file behind the journal's back, as somebody with an editor would. */
function tamper(sql: string): void {
  const database = new DatabaseSync(file())
  database.exec('drop trigger entries_are_never_changed; drop trigger entries_are_never_deleted')
  database.exec(sql)
  database.close()
}

async function verify(anchorAt: number | null = null) {
  const journal = await open()
  const [entry] = anchorAt === null ? [] : await journal.read({ after: anchorAt - 1, limit: 1 })
  const anchor = entry === undefined ? null : { journal: await journal.id(), seq: entry.seq, hash: entry.hash }
  await journal.close()
  return {
    anchor,
    again: async () => {
      const reopened = await open()
      try {
        return await verifyHistory({ journal: reopened, anchor })
      } finally {
        await reopened.close()
      }
    },
  }
}

describe('I8: a journal that was changed behind our back', () => {
  it('is whole when it was not', async () => {
    await fill(8)
    const { again } = await verify(9)
    expect(await again()).toMatchObject({ ok: true, problem: null, anchor: 'agrees', entries: 10 })
  })

  it('an edited entry is found, with its number', async () => {
    await fill(8)
    const { again } = await verify(9)
    tamper(`update entries set fact = replace(fact, 'r2', 'r9') where seq = 5`)
    expect(await again()).toMatchObject({ ok: false, problem: { seq: 5 } })
  })

  it('a missing entry is found', async () => {
    await fill(8)
    const { again } = await verify(9)
    tamper('delete from entries where seq = 4')
    expect(await again()).toMatchObject({ ok: false, problem: { seq: 4 } })
  })

  it('a cut end is found by its anchor', async () => {
    await fill(8)
    const { again } = await verify(9)
    tamper('delete from entries where seq > 6')
    expect(await again()).toMatchObject({ ok: false, problem: null, anchor: 'cut' })
  })

  it('a chain that was made again is found by its anchor', async () => {
    await fill(8)
    const { again } = await verify(9)
    const journal = await open()
    const entries = await journal.read()
    await journal.close()
    const statements: string[] = []
    let previous = '0'.repeat(64)
    for (const entry of entries) {
      const fact = entry.seq === 5 ? { kind: 'frozen' as const, reason: 'forged' } : entry.fact
      const forged = { ...entry, fact, previous }
      const hash = hashOf(forged)
      statements.push(
        `update entries set fact = '${JSON.stringify(fact)}', previous = '${previous}', hash = '${hash}' where seq = ${entry.seq}`,
      )
      previous = hash
    }
    tamper(statements.join(';'))
    expect(await again()).toMatchObject({ ok: false, problem: null, anchor: 'differs' })
  })

  it('the database itself refuses to change or delete an entry', async () => {
    await fill(1)
    const database = new DatabaseSync(file())
    expect(() => database.exec(`update entries set actor = 'eve'`)).toThrow(/append-only/)
    expect(() => database.exec('delete from entries')).toThrow(/append-only/)
    database.close()
  })
})

describe('a damaged file', () => {
  const damage: readonly (readonly [string, () => void])[] = [
    ['garbage', () => writeFileSync(file(), 'this is no database at all, not even nearly one')],
    ['zeros in the middle', () => writeFileSync(file(), zeroed(readFileSync(file()), 4096))],
    ['cut to half', () => truncateSync(file(), Math.floor(statSync(file()).size / 2))],
    [
      'its last entry edited',
      () => tamper(`update entries set actor = 'eve' where seq = (select max(seq) from entries)`),
    ],
  ]
  it.each(damage)('%s: says so, once, and what to do', async (_name, spoil) => {
    await fill(40)
    rmSync(`${file()}-wal`, { force: true })
    rmSync(`${file()}-shm`, { force: true })
    spoil()
    await expect(open().then((journal) => journal.read({ limit: 10_000 }))).rejects.toMatchObject({
      code: 'journal-corrupt',
      kind: 'person',
    })
  })

  it('one that others can write into is refused', async () => {
    await fill(1)
    chmodSync(file(), 0o666)
    await expect(open()).rejects.toMatchObject({ code: 'unsafe-state-folder', kind: 'refused' })
  })

  it('one of a newer backflip is refused, by name', async () => {
    await fill(1)
    const database = new DatabaseSync(file())
    database.exec('pragma user_version = 99')
    database.close()
    await expect(open()).rejects.toMatchObject({ code: 'journal-too-new' })
  })

  it('is private from its first byte', async () => {
    await fill(1)
    expect(statSync(file()).mode & 0o077).toBe(0)
  })
})

function zeroed(bytes: Buffer, from: number): Buffer {
  return bytes.fill(0, from, Math.min(bytes.length, from + 8192))
}

describe('I5: killed while it appends', () => {
  it('no acknowledged entry is lost, and the chain is whole', async () => {
    const rounds = 6
    let acknowledged = 0
    await fill(0)
    for (let round = 0; round < rounds; round += 1) {
      const child = spawn(process.execPath, [new URL('./appender.ts', import.meta.url).pathname, file()], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      let last = 0
      child.stdout.on('data', (chunk: Buffer) => {
        for (const line of chunk.toString().split('\n')) if (line !== '') last = Number(line)
        if (last > 0 && child.exitCode === null) setTimeout(() => child.kill('SIGKILL'), 5 + round * 7)
      })
      const [, signal] = await once(child, 'close')
      expect(signal).toBe('SIGKILL')
      acknowledged = last
      const journal = await open()
      const { seq } = await journal.head()
      expect(seq).toBeGreaterThanOrEqual(acknowledged)
      expect(await verifyHistory({ journal, anchor: null })).toMatchObject({ ok: true, entries: seq })
      await journal.close()
    }
    expect(acknowledged).toBeGreaterThan(rounds)
  })

  it('a full disk: the append fails cleanly, and what was there stays', async () => {
    await fill(5)
    const journal = await open()
    const answer = await journal.takeLease({
      kind: 'operation',
      holder,
      message: 'full',
      replaces: { token: 1, why: 'adopted: test' },
    })
    if ('held' in answer) throw new Error('held')
    await journal.close()
    // SQLite's own limit gives the same error as the disk does (SQLITE_FULL).
    const database = new DatabaseSync(file())
    const pages = Number(database.prepare('pragma page_count').get()?.page_count)
    database.close()
    const limited = await openSqliteJournal({
      file: file(),
      app: 'hello',
      environment: 'local',
      now,
      newId: () => uuid7(),
      maxPages: pages,
    })
    const append = () =>
      limited.append(answer.taken.token, [
        { operation: null, actor: 'ann', fact: { kind: 'frozen', reason: 'x'.repeat(100_000) } },
      ])
    const before = await limited.head()
    await expect(append()).rejects.toMatchObject({ code: 'journal-full', kind: 'failed' })
    expect(await limited.head()).toEqual(before)
    expect(await verifyHistory({ journal: limited, anchor: null })).toMatchObject({ ok: true })
    await limited.close()
  })
})

describe('races', () => {
  it('I7: of processes that take the lease at once exactly one gets it', async () => {
    await fill(0)
    const journal = await open()
    const lease = await journal.lease()
    if (lease !== null) await journal.releaseLease(lease.token)
    for (let round = 0; round < 4; round += 1) {
      const children = Array.from({ length: 3 }, () =>
        spawn(process.execPath, [new URL('./taker.ts', import.meta.url).pathname, file()], {
          stdio: ['ignore', 'pipe', 'inherit'],
        }),
      )
      const answers = await Promise.all(
        children.map(async (child) => {
          let text = ''
          child.stdout.on('data', (chunk: Buffer) => {
            text += chunk.toString()
          })
          await once(child, 'close')
          return text.trim()
        }),
      )
      expect(answers.filter((one) => one === 'taken')).toHaveLength(1)
      expect(answers.filter((one) => one === 'held')).toHaveLength(2)
      await journal.releaseLease((await journal.lease())?.token ?? 0)
    }
    await journal.close()
  })
})
