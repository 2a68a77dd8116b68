import { BackflipError } from '../domain/errors.ts'
import type { Holder, LeaseRecord } from '../domain/journal.ts'
import type { Clock } from '../ports/clock.ts'
import type { Journal } from '../ports/journal.ts'
import type { Liveness } from '../ports/liveness.ts'

const LOOK_AGAIN_MS = 250

export interface WaitAsk {
  readonly journal: Journal
  readonly liveness: Liveness
  readonly clock: Clock
  /** 0: refuse at once. A person's lock is never waited for. */
  readonly waitMs: number
  /** Ends the waiting. */
  readonly signal?: AbortSignal | undefined
  readonly say: (text: string) => void
}

export interface AcquireAsk extends WaitAsk {
  readonly actor: string
  /** What it is for: shown to whoever has to wait. */
  readonly message: string
}

/** Takes the environment's lease, adopting one whose holder is proved dead. Errors: `lease-held`, `locked-by-person` (kind `held`). */
export async function acquireLease(ask: AcquireAsk): Promise<LeaseRecord> {
  const { journal, liveness } = ask
  const holder = await liveness.self(ask.actor)
  const waitFor = waiting(ask)
  for (;;) {
    const answer = await journal.takeLease({ kind: 'operation', holder, message: ask.message })
    if ('taken' in answer) return answer.taken
    if ((await waitFor(answer.held)) !== 'dead') continue
    const adopted = await adopt(ask, holder, answer.held)
    if (adopted !== null) return adopted
  }
}

/**
 * Returns when nobody who lives holds the environment, and takes nothing: what is planned after that is planned from what the other one left.
 * Errors as those of `acquireLease`.
 */
export async function awaitLease(ask: WaitAsk): Promise<void> {
  const waitFor = waiting(ask)
  for (;;) {
    const held = await ask.journal.lease()
    if (held === null || (await waitFor(held)) === 'dead') return
  }
}

/** One wait for whoever holds it: whether its holder is dead, or it is time to look again. */
function waiting({ liveness, clock, waitMs, signal, say }: WaitAsk) {
  const begun = clock.monotonicMs()
  let said = false
  return async (held: LeaseRecord): Promise<'dead' | 'look again'> => {
    if (held.kind === 'person') throw lockedByPerson(held)
    if ((await liveness.check(held.holder)) === 'dead') return 'dead'
    if (clock.monotonicMs() - begun >= waitMs) throw leaseHeld(held)
    if (!said) say(`waiting for ${held.holder.actor}: ${held.message}, since ${held.takenAt}`)
    said = true
    await clock.sleep(LOOK_AGAIN_MS, signal).catch(() => undefined)
    if (signal?.aborted === true) throw interrupted(held)
    return 'look again'
  }
}

function interrupted(held: LeaseRecord): BackflipError {
  return new BackflipError(`interrupted while ${held.holder.actor} held the environment`, {
    code: 'interrupted',
    kind: 'held',
    details: describe(held),
    hint: 'backflip status, then: the same command',
  })
}

/** Null when somebody else was faster. */
async function adopt({ journal, message }: AcquireAsk, holder: Holder, held: LeaseRecord): Promise<LeaseRecord | null> {
  const { host, pid, processStart } = held.holder
  const why = `adopted: process ${pid} (started at tick ${processStart}) on ${host} is gone`
  const answer = await journal.takeLease({ kind: 'operation', holder, message, replaces: { token: held.token, why } })
  return 'taken' in answer ? answer.taken : null
}

function describe({ kind, holder, message, takenAt, heartbeats }: LeaseRecord): readonly string[] {
  if (kind === 'person') return [`on ${holder.host}, since ${takenAt}`]
  return [
    `${message || 'no message'}`,
    `by ${holder.actor}, process ${holder.pid} on ${holder.host}, since ${takenAt} (${heartbeats} heartbeats)`,
  ]
}

function leaseHeld(held: LeaseRecord): BackflipError {
  return new BackflipError(`${held.holder.actor} holds the environment`, {
    code: 'lease-held',
    kind: 'held',
    details: describe(held),
    hint: 'wait for it (--lock-wait 15m), or if it will never end: backflip lock break --reason TEXT',
  })
}

function lockedByPerson(held: LeaseRecord): BackflipError {
  return new BackflipError(`${held.holder.actor} locked the environment: ${held.message}`, {
    code: 'locked-by-person',
    kind: 'held',
    details: describe(held),
    hint: `ask ${held.holder.actor}; then: backflip lock release`,
  })
}

export interface KeptLease {
  /** Aborted when somebody else has the lease now. */
  readonly signal: AbortSignal
  readonly stop: () => void
}

/** A heartbeat, counted and never compared with a wall clock. It does not keep the process alive. */
export function keepLease(journal: Journal, token: number, clock: Clock, everyMs: number): KeptLease {
  const lost = new AbortController()
  const stopped = new AbortController()
  const beat = async (): Promise<void> => {
    while (!stopped.signal.aborted && !lost.signal.aborted) {
      await clock.sleep(everyMs, stopped.signal)
      await journal.renewLease(token).catch(onFailedBeat)
    }
  }
  // A heartbeat that fails for another reason (a full disk) says nothing about who holds the lease: the next one, or the next append, will.
  const onFailedBeat = (error: unknown) => {
    if (error instanceof BackflipError && error.code === 'lease-lost') lost.abort(error)
  }
  beat().catch(() => undefined)
  return { signal: lost.signal, stop: () => stopped.abort() }
}

/**
 * Takes the lease away from whoever has it, and keeps it: the caller fences the edge under it and gives it back. The old holder's late writes
 * are refused by the journal from here on.
 */
export async function breakLease(ask: {
  readonly journal: Journal
  readonly liveness: Liveness
  readonly actor: string
  readonly reason: string
}): Promise<{ readonly held: LeaseRecord; readonly taken: LeaseRecord }> {
  const { journal, liveness, actor, reason } = ask
  const held = await journal.lease()
  if (held === null) throw notLocked()
  const holder = await liveness.self(actor)
  const answer = await journal.takeLease({
    kind: 'operation',
    holder,
    message: 'lock break',
    replaces: { token: held.token, why: `broken: ${reason}` },
  })
  if ('held' in answer) throw leaseHeld(answer.held)
  return { held, taken: answer.taken }
}

/** A person keeps everybody out. Error `lease-held` when an operation runs. */
export async function lockByPerson(ask: {
  readonly journal: Journal
  readonly liveness: Liveness
  readonly actor: string
  readonly message: string
}): Promise<LeaseRecord> {
  const { journal, liveness, actor, message } = ask
  const holder = await liveness.self(actor)
  const answer = await journal.takeLease({ kind: 'person', holder, message })
  if ('taken' in answer) return answer.taken
  if (answer.held.kind === 'person') throw lockedByPerson(answer.held)
  if ((await liveness.check(answer.held.holder)) !== 'dead') throw leaseHeld(answer.held)
  const again = await journal.takeLease({
    kind: 'person',
    holder,
    message,
    replaces: { token: answer.held.token, why: 'adopted: its process is gone' },
  })
  if ('taken' in again) return again.taken
  throw leaseHeld(again.held)
}

/** Gives back a lock that a person took: anybody may, the journal says who. An operation's lease is not a lock. */
export async function releaseLock({ journal }: { readonly journal: Journal }): Promise<LeaseRecord> {
  const held = await journal.lease()
  if (held === null) throw notLocked()
  if (held.kind !== 'person') throw leaseHeld(held)
  await journal.releaseLease(held.token)
  return held
}

function notLocked(): BackflipError {
  return new BackflipError('the environment is not locked', {
    code: 'not-locked',
    kind: 'refused',
    hint: 'backflip lock status',
  })
}
