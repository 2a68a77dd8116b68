import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { RECORD_VERSION } from '../src/domain/history/record.ts'
import type { Entry } from '../src/domain/journal.ts'
import type { Json } from '../src/domain/json.ts'
import { sealEntry } from '../src/lib/hash-chain.ts'
import { uuid7 } from '../src/lib/uuid7.ts'
import { history } from '../src/operations/history.ts'
import { chooseWindow } from '../src/operations/incident/choose-window.ts'
import { loadRecord } from '../src/operations/record.ts'
import type { Journal } from '../src/ports/journal.ts'
import { openSqliteJournal } from '../src/store/sqlite/journal.ts'
import { historyFacts } from './history-facts.ts'
import type { BenchOptions } from './main.ts'
import { print, ratio, spread } from './stats.ts'

const SMALL = 100
const RUNS = 60
const APPENDS = 300
const now = () => new Date().toISOString()

const LAST = { operation: null, sha: null, sinceMs: null, untilMs: null }
/** 2,000 operations are 80 times those of the small journal, however long the large one is; twice that, as both are short. */
const NOTHING_GOAL = 160

/** A journal of a million entries beside one of a hundred: the fold of `status`, the first page of `history`; and an append beside a bare insert. */
export async function run({ json, entries }: BenchOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bf-bench-'))
  try {
    const small = await journalWith(join(folder, 'small.sqlite'), SMALL)
    const large = await journalWith(join(folder, 'large.sqlite'), entries)
    const [foldSmall, foldLarge] = await pair(small, large, (journal) => loadRecord(journal))
    const [pageSmall, pageLarge] = await pair(small, large, (journal) => history(journal, { limit: 20 }))
    const [lastSmall, lastLarge] = await pair(small, large, (journal) => lookForLast(journal))
    const [nothingSmall, nothingLarge] = await pair(small, large, (journal) => chooseWindow(journal, LAST, null))
    const [append, bare] = await appends(large, join(folder, 'bare.sqlite'))
    print(
      'journal',
      [
        ratio(
          `fold for status, ${entries} entries`,
          spread(foldLarge),
          { name: `${SMALL} entries`, spread: spread(foldSmall) },
          1.5,
        ),
        ratio(
          `first page of history, ${entries} entries`,
          spread(pageLarge),
          { name: `${SMALL} entries`, spread: spread(pageSmall) },
          1.5,
        ),
        ratio(
          `where the last operation's report begins, ${entries} entries`,
          spread(lastLarge),
          { name: `${SMALL} entries`, spread: spread(lastSmall) },
          1.5,
        ),
        ratio(
          `no incident in the last 2,000 operations, ${entries} entries`,
          spread(nothingLarge),
          { name: `${SMALL} entries, all of them looked at`, spread: spread(nothingSmall) },
          NOTHING_GOAL,
        ),
        ratio('append of one entry', spread(append), { name: 'a bare fsynced insert', spread: spread(bare) }, 2),
      ],
      json,
    )
    await small.close()
    await large.close()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function lookForLast(journal: Journal): Promise<void> {
  const [last] = await journal.read({ newestFirst: true, limit: 1 })
  await chooseWindow(journal, { ...LAST, operation: last?.operation ?? null }, null)
}

async function pair(
  small: Journal,
  large: Journal,
  work: (journal: Journal) => Promise<unknown>,
): Promise<readonly [number[], number[]]> {
  const times: [number[], number[]] = [[], []]
  for (let index = 0; index < RUNS; index += 1) {
    times[0].push(await time(() => work(small)))
    times[1].push(await time(() => work(large)))
  }
  return times
}

async function appends(journal: Journal, bareFile: string): Promise<readonly [number[], number[]]> {
  const answer = await journal.takeLease({
    kind: 'operation',
    holder: { actor: 'bench', host: 'h', pid: 1, processStart: '1', bootId: 'b' },
    message: 'bench',
  })
  if ('held' in answer) throw new Error('held')
  const bare = new DatabaseSync(bareFile)
  bare.exec(
    'pragma journal_mode = wal; pragma synchronous = full; create table one (seq integer primary key, text text)',
  )
  const insert = bare.prepare('insert into one (text) values (?)')
  const text = 'x'.repeat(300)
  const times: [number[], number[]] = [[], []]
  for (let index = 0; index < APPENDS; index += 1) {
    times[1].push(await time(async () => insert.run(text)))
    const fact = { kind: 'step-started' as const, step: 'flip-edge', attempt: 1 }
    times[0].push(await time(() => journal.append(answer.taken.token, [{ operation: null, actor: 'bench', fact }])))
  }
  bare.close()
  return times
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now()
  await work()
  return performance.now() - begun
}

/** Real entries of real operations, chained as the store chains them, written in one transaction; then a checkpoint, as every operation leaves one. */
async function journalWith(file: string, count: number): Promise<Journal> {
  const created = await openSqliteJournal({ file, app: 'bench', environment: 'local', now, newId: () => uuid7() })
  const head = await created.head()
  await created.close()
  const database = new DatabaseSync(file)
  const insert = database.prepare(
    'insert into entries (seq, at, token, operation, actor, kind, fact, previous, hash) values (?, ?, ?, ?, ?, ?, ?, ?, ?)',
  )
  database.exec('begin')
  let last: Pick<Entry, 'seq' | 'hash'> = head
  const at = now()
  for (const { operation, fact } of historyFacts(count - 1)) {
    const entry = sealEntry({ operation, actor: 'bench', fact }, at, 0, last)
    insert.run(
      entry.seq,
      entry.at,
      entry.token,
      entry.operation,
      entry.actor,
      entry.fact.kind,
      JSON.stringify(entry.fact),
      entry.previous,
      entry.hash,
    )
    last = entry
  }
  database.exec('commit')
  database.close()
  const journal = await openSqliteJournal({ file, app: 'bench', environment: 'local', now, newId: () => uuid7() })
  const record = await loadRecord(journal)
  await journal.saveCheckpoint({ version: RECORD_VERSION, seq: record.seq, state: record as unknown as Json })
  return journal
}
