import type { DatabaseSync } from 'node:sqlite'
import type { JournalId } from '../../domain/ids.ts'
import { type Draft, type Entry, FIRST_PREVIOUS, type LeaseRecord } from '../../domain/journal.ts'
import type { Json } from '../../domain/json.ts'
import { findBrokenLink, sealEntry } from '../../lib/hash-chain.ts'
import type { Head, Journal, LeaseAnswer } from '../../ports/journal.ts'
import { assertBounded, type LeaseAsk, leaseLost, mayTake, newLease } from '../lease-rules.ts'
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
    return journalOver(new OpenJournal(database, statements, file, now))
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

/** One open database, and what several of the journal's methods do with it. */
class OpenJournal {
  readonly database: DatabaseSync
  readonly statements: Statements
  readonly file: string
  readonly now: () => string

  constructor(database: DatabaseSync, statements: Statements, file: string, now: () => string) {
    this.database = database
    this.statements = statements
    this.file = file
    this.now = now
  }

  /** All of it or nothing; the write lock is taken first, so that what is read inside is what is written over. */
  atomically<T>(work: () => T): T {
    try {
      this.statements.begin.run()
      try {
        const result = work()
        this.statements.commit.run()
        return result
      } catch (error) {
        if (this.database.isTransaction) this.statements.rollback.run()
        throw error
      }
    } catch (error) {
      throw asCorrupt(error, this.file)
    }
  }

  head(): Head {
    const last = this.statements.head.get()
    return last === undefined ? { seq: 0, hash: FIRST_PREVIOUS } : { seq: Number(last.seq), hash: String(last.hash) }
  }

  add(token: number, drafts: readonly Draft[]): readonly Entry[] {
    assertBounded(drafts)
    const entries: Entry[] = []
    let at = this.head()
    for (const draft of drafts) {
      const entry = sealEntry(draft, this.now(), token, at)
      entries.push(entry)
      at = entry
    }
    insert(this.statements, entries)
    return entries
  }

  lease(): LeaseRecord | null {
    const row = this.statements.lease.get()
    const current = row?.current
    return typeof current === 'string'
      ? { ...(JSON.parse(current) as LeaseRecord), heartbeats: Number(row?.heartbeats) }
      : null
  }

  assertHolds(token: number): void {
    const lease = this.lease()
    if (lease?.token !== token) throw leaseLost(token, lease)
  }

  takeLease(ask: LeaseAsk): LeaseAnswer {
    const held = this.lease()
    if (held !== null && !mayTake(held, ask)) return { held }
    const lastToken = Number(this.statements.lease.get()?.last_token)
    const { lease, drafts } = newLease(ask, held, lastToken, this.now())
    this.add(lease.token, drafts)
    this.statements.setLease.run(lease.token, JSON.stringify(lease))
    return { taken: lease }
  }

  releaseLease(token: number): boolean {
    const lease = this.lease()
    if (lease?.token !== token) return false
    this.add(token, [{ operation: null, actor: lease.holder.actor, fact: { kind: 'lease-released', token } }])
    this.statements.setLease.run(token, null)
    return true
  }
}

function journalOver(open: OpenJournal): Journal {
  const { statements, database, file } = open
  return {
    id: async () => String(statements.id.get()?.id) as JournalId,
    append: async (token, drafts) =>
      open.atomically(() => {
        open.assertHolds(token)
        return open.add(token, drafts)
      }),
    async read(range = {}) {
      try {
        return readEntries(database, range)
      } catch (error) {
        throw asCorrupt(error, file)
      }
    },
    head: async () => open.head(),
    lease: async () => open.lease(),
    takeLease: async (ask) => open.atomically(() => open.takeLease(ask)),
    renewLease: async (token) =>
      open.atomically(() => {
        open.assertHolds(token)
        statements.beat.run()
      }),
    releaseLease: async (token) => open.atomically(() => open.releaseLease(token)),
    async loadCheckpoint(version) {
      const row = statements.checkpoint.get(version)
      if (row === undefined) return null
      return { seq: Number(row.seq), state: JSON.parse(String(row.state)) as Json }
    },
    async saveCheckpoint({ version, seq, state }) {
      open.atomically(() => statements.setCheckpoint.run(version, seq, JSON.stringify(state)))
    },
    close: async () => database.close(),
  }
}
