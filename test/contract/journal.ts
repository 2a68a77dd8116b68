import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BackflipError } from '../../src/domain/errors.ts'
import type { Fact, Holder, LeaseRecord } from '../../src/domain/journal.ts'
import { findBrokenLink } from '../../src/lib/hash-chain.ts'
import type { Journal } from '../../src/ports/journal.ts'
import { operationId } from '../fakes/history.ts'

export interface JournalWorld {
  readonly journal: Journal
  /** The same journal, as another process would open it. */
  readonly reopen: () => Promise<Journal>
  readonly close: () => Promise<void>
}

const HOLDER: Holder = { actor: 'ann', host: 'here', pid: 42, processStart: '1', bootId: 'b' }
const START = { seq: 0, hash: '0'.repeat(64) }

function draft(reason: string, operation: ReturnType<typeof operationId> | null = null) {
  const fact: Fact = { kind: 'frozen', reason }
  return { operation, actor: 'ann', fact }
}

async function take(
  journal: Journal,
  replaces?: { readonly token: number; readonly why: string },
): Promise<LeaseRecord> {
  const answer = await journal.takeLease({
    kind: 'operation',
    holder: HOLDER,
    message: 'test',
    ...(replaces === undefined ? {} : { replaces }),
  })
  if ('held' in answer) throw new Error('held by another')
  return answer.taken
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'no error',
    (error: unknown) => (error instanceof BackflipError ? error.code : String(error)),
  )
}

type Acted = { readonly happened: unknown; readonly expected: unknown }

/** One act of one of several writers: what came of it, and what should have. */
async function actOnce(
  journal: Journal,
  tokens: Map<number, number>,
  who: number,
  act: string,
  current: LeaseRecord | null,
): Promise<Acted> {
  const own = tokens.get(who)
  if (act === 'take') {
    const answer = await journal.takeLease({ kind: 'operation', holder: HOLDER, message: `${who}` })
    if ('taken' in answer) tokens.set(who, answer.taken.token)
    return { happened: 'taken' in answer, expected: current === null }
  }
  if (act === 'break' && current !== null) {
    const { token } = await take(journal, { token: current.token, why: 'broken: property' })
    tokens.set(who, token)
    return { happened: token > current.token, expected: true }
  }
  if (act === 'append' && own !== undefined) {
    return {
      happened: await codeOf(journal.append(own, [draft('p')])),
      expected: current?.token === own ? 'no error' : 'lease-lost',
    }
  }
  if (act === 'release' && own !== undefined) {
    return { happened: await journal.releaseLease(own), expected: current?.token === own }
  }
  return { happened: null, expected: null }
}

/** What every journal store must do. */
export function journalContract(name: string, makeWorld: () => Promise<JournalWorld>): void {
  describe(`${name} is a journal`, () => {
    let world: JournalWorld
    let journal: Journal
    beforeEach(async () => {
      world = await makeWorld()
      journal = world.journal
    })
    afterEach(() => world.close())

    it('begins with an entry that names it', async () => {
      const [first] = await journal.read()
      expect(first).toMatchObject({
        seq: 1,
        token: 0,
        fact: { kind: 'journal-opened', journal: await journal.id() },
        previous: START.hash,
      })
    })

    it('I8: what is appended is chained, numbered without gaps, and found again by another process', async () => {
      const { token } = await take(journal)
      await journal.append(token, [draft('a'), draft('ä'), draft('c')])
      const again = await world.reopen()
      const entries = await again.read()
      expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, index) => index + 1))
      expect(findBrokenLink(entries, START)).toBeNull()
      expect(
        entries.map(({ fact }) => (fact.kind === 'frozen' ? fact.reason : null)).filter((one) => one !== null),
      ).toEqual(['a', 'ä', 'c'])
      expect(await again.head()).toEqual({ seq: entries.at(-1)?.seq, hash: entries.at(-1)?.hash })
    })

    it('I7: an append without the current lease writes nothing', async () => {
      const before = await journal.head()
      expect(await codeOf(journal.append(1, [draft('x')]))).toBe('lease-lost')
      const first = await take(journal)
      const second = await take(journal, { token: first.token, why: 'adopted: test' })
      expect(second.token).toBeGreaterThan(first.token)
      expect(await codeOf(journal.append(first.token, [draft('late')]))).toBe('lease-lost')
      expect(await codeOf(journal.renewLease(first.token))).toBe('lease-lost')
      expect(await journal.releaseLease(first.token)).toBe(false)
      expect((await journal.read({ after: before.seq })).some(({ fact }) => fact.kind === 'frozen')).toBe(false)
      await journal.append(second.token, [draft('in time')])
      expect((await journal.read()).at(-1)?.fact).toEqual({ kind: 'frozen', reason: 'in time' })
    })

    it('a lease is held until it is released, and taken away only by its very token', async () => {
      const first = await take(journal)
      expect(await journal.takeLease({ kind: 'operation', holder: HOLDER, message: 'other' })).toEqual({ held: first })
      expect(
        await journal.takeLease({
          kind: 'operation',
          holder: HOLDER,
          message: 'other',
          replaces: { token: first.token - 1, why: 'x' },
        }),
      ).toHaveProperty('held')
      await journal.renewLease(first.token)
      expect((await journal.lease())?.heartbeats).toBe(1)
      expect(await journal.releaseLease(first.token)).toBe(true)
      expect(await journal.lease()).toBeNull()
      expect((await take(journal)).token).toBe(first.token + 1)
    })

    it('a broken lease is told, before the one that follows', async () => {
      const first = await take(journal)
      await take(journal, { token: first.token, why: 'broken: it hangs, really' })
      const kinds = (await journal.read({ newestFirst: true, limit: 2 })).map(({ fact }) => fact)
      expect(kinds[1]).toEqual({ kind: 'lease-broken', token: first.token, reason: 'it hangs, really' })
      expect(kinds[0]).toMatchObject({ kind: 'lease-taken', replaces: { token: first.token } })
    })

    it('reads by operation, by kind, by page, and backwards', async () => {
      const { token } = await take(journal)
      for (let n = 1; n <= 6; n += 1) await journal.append(token, [draft(`r${n}`, operationId(n % 2))])
      const reasons = async (range: Parameters<Journal['read']>[0]) =>
        (await journal.read(range)).map(({ fact }) => (fact.kind === 'frozen' ? fact.reason : fact.kind))
      expect(await reasons({ operation: operationId(1) })).toEqual(['r1', 'r3', 'r5'])
      expect(await reasons({ kinds: ['frozen'], newestFirst: true, limit: 2 })).toEqual(['r6', 'r5'])
      expect(await reasons({ kinds: ['step-started'] })).toEqual([])
      const page = await journal.read({ kinds: ['frozen'], limit: 2 })
      expect(await reasons({ kinds: ['frozen'], after: page.at(-1)?.seq ?? 0, limit: 2 })).toEqual(['r3', 'r4'])
      const newest = await journal.read({ newestFirst: true, limit: 1 })
      expect(await reasons({ newestFirst: true, before: newest[0]?.seq ?? 0, limit: 1 })).toEqual(['r5'])
    })

    it('an entry that is too large is refused, and nothing of its batch is written', async () => {
      const { token } = await take(journal)
      const before = await journal.head()
      expect(await codeOf(journal.append(token, [draft('small'), draft('x'.repeat(2 * 1024 * 1024))]))).toBe(
        'entry-too-large',
      )
      expect(await journal.head()).toEqual(before)
    })

    it('a checkpoint is returned for its version only, and the newest one', async () => {
      await journal.saveCheckpoint({ version: 1, seq: 3, state: { a: 1 } })
      await journal.saveCheckpoint({ version: 1, seq: 4, state: { a: 2 } })
      expect(await (await world.reopen()).loadCheckpoint(1)).toEqual({ seq: 4, state: { a: 2 } })
      expect(await journal.loadCheckpoint(2)).toBeNull()
    })

    it('I7: however takers, breakers and late writers are interleaved, only the newest lease writes', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.constantFrom('take', 'break', 'append', 'release')), {
            maxLength: 20,
          }),
          async (acts) => {
            const tokens = new Map<number, number>()
            for (const [who, act] of acts) {
              const current = await journal.lease()
              const { happened, expected } = await actOnce(journal, tokens, who, act, current)
              expect(happened).toBe(expected)
            }
            const left = await journal.lease()
            if (left !== null) await journal.releaseLease(left.token)
          },
        ),
        { numRuns: 30 },
      )
      expect(findBrokenLink(await journal.read({ limit: 10_000 }), START)).toBeNull()
    })
  })
}
