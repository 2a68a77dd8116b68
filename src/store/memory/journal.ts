import type { JournalId } from '../../domain/ids.ts'
import { type Draft, type Entry, FIRST_PREVIOUS, type LeaseRecord } from '../../domain/journal.ts'
import type { Json } from '../../domain/json.ts'
import { sealEntry } from '../../lib/hash-chain.ts'
import type { Head, Journal, ReadRange } from '../../ports/journal.ts'
import { assertBounded, leaseLost, mayTake, newLease } from '../lease-rules.ts'

export interface MemoryJournalAsk {
  readonly id: JournalId
  readonly app: string
  readonly environment: string
  /** ISO 8601, UTC. */
  readonly now: () => string
}

const DEFAULT_LIMIT = 1_000
const MAX_LIMIT = 10_000

/** A journal for tests and simulations: the same rules, nothing durable. Every method is atomic, as there is one thread. */
export function memoryJournal({ id, app, environment, now }: MemoryJournalAsk): Journal {
  const entries: Entry[] = []
  const checkpoints = new Map<number, { readonly seq: number; readonly state: Json }>()
  let lease: LeaseRecord | null = null
  let lastToken = 0

  const head = (): Head => {
    const last = entries.at(-1)
    return last === undefined ? { seq: 0, hash: FIRST_PREVIOUS } : { seq: last.seq, hash: last.hash }
  }
  const add = (token: number, drafts: readonly Draft[]): readonly Entry[] => {
    assertBounded(drafts)
    return drafts.map((draft) => {
      const entry = sealEntry(draft, now(), token, head())
      entries.push(entry)
      return entry
    })
  }
  add(0, [{ operation: null, actor: 'backflip', fact: { kind: 'journal-opened', journal: id, app, environment } }])

  return {
    id: async () => id,
    async append(token, drafts) {
      if (lease?.token !== token) throw leaseLost(token, lease)
      return add(token, drafts)
    },
    read: async (range = {}) => select(entries, range),
    head: async () => head(),
    lease: async () => lease,
    async takeLease(ask) {
      if (lease !== null && !mayTake(lease, ask)) return { held: lease }
      const taken = newLease(ask, lease, lastToken, now())
      add(taken.lease.token, taken.drafts)
      lease = taken.lease
      lastToken = lease.token
      return { taken: lease }
    },
    async renewLease(token) {
      if (lease?.token !== token) throw leaseLost(token, lease)
      lease = { ...lease, heartbeats: lease.heartbeats + 1 }
    },
    async releaseLease(token) {
      if (lease?.token !== token) return false
      add(token, [{ operation: null, actor: lease.holder.actor, fact: { kind: 'lease-released', token } }])
      lease = null
      return true
    },
    loadCheckpoint: async (version) => checkpoints.get(version) ?? null,
    async saveCheckpoint({ version, seq, state }) {
      checkpoints.set(version, { seq, state })
    },
    close: async () => undefined,
  }
}

function select(entries: readonly Entry[], range: ReadRange): readonly Entry[] {
  const limit = Math.min(range.limit ?? DEFAULT_LIMIT, MAX_LIMIT)
  const fits = ({ seq, operation, fact }: Entry) =>
    seq > (range.after ?? 0) &&
    (range.before === undefined || seq < range.before) &&
    (range.operation === undefined || operation === range.operation) &&
    (range.kinds === undefined || range.kinds.includes(fact.kind))
  const from = range.newestFirst === true ? entries.toReversed() : entries.slice(range.after ?? 0)
  return from.filter(fits).slice(0, limit)
}
