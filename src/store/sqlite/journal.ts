import type { DatabaseSync } from 'node:sqlite'
import type { JournalId } from '../../domain/ids.ts'
import { type Draft, type Entry, FIRST_PREVIOUS, type LeaseRecord } from '../../domain/journal.ts'
import type { Json } from '../../domain/json.ts'
import { findBrokenLink, sealEntry } from '../../lib/hash-chain.ts'
import type { Head, Journal } from '../../ports/journal.ts'
import { assertBounded, leaseLost, mayTake, newLease } from '../lease-rules.ts'
import { asCorrupt, corrupt, openDatabase } from './open-database.ts'
import { readEntries } from './read-entries.ts'
import { prepareStatements, type Statements } from './statements.ts'

export interface SqliteJournalAsk {
  readonly file: string
  readonly app: string
  readonly environment: string
  /** ISO 8601, UTC. */
  readonly now: () => string
  readonly newId: () => string
  /** An upper bound for the file, in SQLite's pages; default: the disk's. */
  readonly maxPages?: number
}

/** One file per environment. Opened, or made with its first entry. The last two entries are verified; `history --verify` walks them all. */
export async function openSqliteJournal({
  file,
  app,
  environment,
  now,
  newId,
  maxPages,
}: SqliteJournalAsk): Promise<Journal> {
  const describe = () => ({ id: newId(), app, environment, at: now() })
  const database = await openDatabase(file, describe, (fresh, journal) => {
    fresh
      .prepare('insert into journal (id, app, environment, created_at) values (?, ?, ?, ?)')
      .run(journal.id, app, environment, journal.at)
    fresh.exec('insert into lease (only_one, last_token, current, heartbeats) values (1, 0, null, 0)')
    const fact = { kind: 'journal-opened', journal: journal.id as JournalId, app, environment } as const
    insert(prepareStatements(fresh), [
      sealEntry({ operation: null, actor: 'backflip', fact }, journal.at, 0, { seq: 0, hash: FIRST_PREVIOUS }),
    ])
  })
  try {
    if (maxPages !== undefined) database.exec(`pragma max_page_count = ${Math.trunc(maxPages)}`)
    const statements = prepareStatements(database)
    verifyTail(database, file)
    return journalOver(database, statements, file, now)
  } catch (error) {
    database.close()
    throw asCorrupt(error, file)
  }
}

/** A torn or edited end is found at every start; the whole chain only when asked for. */
function verifyTail(database: DatabaseSync, file: string): void {
  const tail = readEntries(database, { newestFirst: true, limit: 2 }).toReversed()
  const [first] = tail
  if (first === undefined) throw corrupt(file, 'it has no entries')
  const broken = findBrokenLink(tail, { seq: first.seq - 1, hash: first.previous })
  if (broken !== null) throw corrupt(file, `entry ${broken.seq}: ${broken.what}`)
}

function insert(statements: Statements, entries: readonly Entry[]): void {
  for (const { seq, at, token, operation, actor, fact, previous, hash } of entries) {
    statements.insert.run(seq, at, token, operation, actor, fact.kind, JSON.stringify(fact), previous, hash)
  }
}

function journalOver(database: DatabaseSync, statements: Statements, file: string, now: () => string): Journal {
  /** All of it or nothing; the write lock is taken first, so that what is read inside is what is written over. */
  const atomically = <T>(work: () => T): T => {
    try {
      statements.begin.run()
      try {
        const result = work()
        statements.commit.run()
        return result
      } catch (error) {
        if (database.isTransaction) statements.rollback.run()
        throw error
      }
    } catch (error) {
      throw asCorrupt(error, file)
    }
  }
  const head = (): Head => {
    const last = statements.head.get()
    return last === undefined ? { seq: 0, hash: FIRST_PREVIOUS } : { seq: Number(last.seq), hash: String(last.hash) }
  }
  const add = (token: number, drafts: readonly Draft[]): readonly Entry[] => {
    assertBounded(drafts)
    const entries: Entry[] = []
    let at = head()
    for (const draft of drafts) {
      const entry = sealEntry(draft, now(), token, at)
      entries.push(entry)
      at = entry
    }
    insert(statements, entries)
    return entries
  }
  const currentLease = (): LeaseRecord | null => {
    const row = statements.lease.get()
    const current = row?.current
    return typeof current === 'string'
      ? { ...(JSON.parse(current) as LeaseRecord), heartbeats: Number(row?.heartbeats) }
      : null
  }
  const assertHolds = (token: number): void => {
    const lease = currentLease()
    if (lease?.token !== token) throw leaseLost(token, lease)
  }
  return {
    id: async () => String(statements.id.get()?.id) as JournalId,
    append: async (token, drafts) =>
      atomically(() => {
        assertHolds(token)
        return add(token, drafts)
      }),
    async read(range = {}) {
      try {
        return readEntries(database, range)
      } catch (error) {
        throw asCorrupt(error, file)
      }
    },
    head: async () => head(),
    lease: async () => currentLease(),
    takeLease: async (ask) =>
      atomically(() => {
        const held = currentLease()
        if (held !== null && !mayTake(held, ask)) return { held }
        const lastToken = Number(statements.lease.get()?.last_token)
        const { lease, drafts } = newLease(ask, held, lastToken, now())
        add(lease.token, drafts)
        statements.setLease.run(lease.token, JSON.stringify(lease))
        return { taken: lease }
      }),
    renewLease: async (token) =>
      atomically(() => {
        assertHolds(token)
        statements.beat.run()
      }),
    releaseLease: async (token) =>
      atomically(() => {
        const lease = currentLease()
        if (lease?.token !== token) return false
        add(token, [{ operation: null, actor: lease.holder.actor, fact: { kind: 'lease-released', token } }])
        statements.setLease.run(token, null)
        return true
      }),
    async loadCheckpoint(version) {
      const row = statements.checkpoint.get(version)
      if (row === undefined) return null
      return { seq: Number(row.seq), state: JSON.parse(String(row.state)) as Json }
    },
    async saveCheckpoint({ version, seq, state }) {
      atomically(() => statements.setCheckpoint.run(version, seq, JSON.stringify(state)))
    },
    close: async () => database.close(),
  }
}
