import { BackflipError } from '../domain/errors.ts'
import type { Draft, Holder, LeaseRecord } from '../domain/journal.ts'

/** What every store decides the same way; each only makes it atomic. */

export interface LeaseAsk {
  readonly kind: LeaseRecord['kind']
  readonly holder: Holder
  readonly message: string
  readonly replaces?: { readonly token: number; readonly why: string }
}

const BROKEN = 'broken: '
/** Of one entry, as JSON. */
export const MAX_FACT_BYTES = 1024 * 1024

export function mayTake(held: LeaseRecord | null, ask: LeaseAsk): boolean {
  return held === null || held.token === ask.replaces?.token
}

/** The new lease and the entries that tell of it. `lastToken` is the greatest one ever given. */
export function newLease(
  ask: LeaseAsk,
  held: LeaseRecord | null,
  lastToken: number,
  at: string,
): { readonly lease: LeaseRecord; readonly drafts: readonly Draft[] } {
  const { kind, holder, message } = ask
  const lease: LeaseRecord = { token: lastToken + 1, kind, holder, message, takenAt: at, heartbeats: 0 }
  const replaces = held === null ? null : (ask.replaces ?? null)
  const draft = (fact: Draft['fact']): Draft => ({ operation: null, actor: holder.actor, fact })
  const broken =
    replaces?.why.startsWith(BROKEN) === true
      ? [draft({ kind: 'lease-broken', token: replaces.token, reason: replaces.why.slice(BROKEN.length) })]
      : []
  return { lease, drafts: [...broken, draft({ kind: 'lease-taken', lease, replaces })] }
}

export function leaseLost(token: number, current: LeaseRecord | null): BackflipError {
  const now =
    current === null
      ? 'nobody holds it now'
      : `${current.holder.actor} holds it now (${current.message}), since ${current.takenAt}`
  return new BackflipError('this process no longer holds the environment', {
    code: 'lease-lost',
    kind: 'held',
    details: [`lease ${token}; ${now}`],
    hint: 'backflip status',
  })
}

export function assertBounded(drafts: readonly Draft[]): void {
  for (const { fact } of drafts) {
    const size = Buffer.byteLength(JSON.stringify(fact))
    if (size > MAX_FACT_BYTES) {
      throw new BackflipError(`an entry of ${size} bytes is larger than the journal takes (${MAX_FACT_BYTES})`, {
        code: 'entry-too-large',
        kind: 'failed',
      })
    }
  }
}
