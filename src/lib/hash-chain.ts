import type { Draft, Entry } from '../domain/journal.ts'
import { canonicalJson } from './canonical-json.ts'
import { sha256Hex } from './sha256.ts'

/** Number, time and place in the chain for what a writer hands in. `hash` covers every other field, `previous` included. */
export function sealEntry(
  draft: Draft,
  at: string,
  token: number,
  head: { readonly seq: number; readonly hash: string },
): Entry {
  const entry = {
    seq: head.seq + 1,
    at,
    token,
    operation: draft.operation,
    actor: draft.actor,
    fact: draft.fact,
    previous: head.hash,
  }
  return { ...entry, hash: hashOf(entry) }
}

export function hashOf({ seq, at, token, operation, actor, fact, previous }: Omit<Entry, 'hash'>): string {
  return sha256Hex(canonicalJson({ seq, at, token, operation, actor, fact, previous }))
}

export interface BrokenLink {
  readonly seq: number
  readonly what: string
}

/** The first entry that does not follow from the one before it, or null. `before` is the head the entries should continue. */
export function findBrokenLink(
  entries: readonly Entry[],
  before: { readonly seq: number; readonly hash: string },
): BrokenLink | null {
  let head = before
  for (const entry of entries) {
    if (entry.seq !== head.seq + 1)
      return { seq: head.seq + 1, what: `entry ${head.seq + 1} is missing: ${entry.seq} comes next` }
    if (entry.previous !== head.hash) return { seq: entry.seq, what: 'it does not follow the entry before it' }
    if (hashOf(entry) !== entry.hash) return { seq: entry.seq, what: 'it is not what its hash was made of' }
    head = { seq: entry.seq, hash: entry.hash }
  }
  return null
}
