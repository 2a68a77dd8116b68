import { type JournalId, parseJournalId } from '../../src/domain/ids.ts'
import type { Journal } from '../../src/ports/journal.ts'
import { memoryJournal } from '../../src/store/memory/journal.ts'
import { APP, ENVIRONMENT } from './history.ts'
import type { Operator } from './operator.ts'
import type { World } from './world.ts'

export const JOURNAL_ID: JournalId = parseJournalId('00000000-0000-7000-8000-00000000aaaa')

export function worldJournal(world: World): Journal {
  return memoryJournal({ id: JOURNAL_ID, app: APP, environment: ENVIRONMENT, now: () => world.clock.stamp() })
}

export interface JournalWatch {
  /** Right after entries became durable, before anybody is told. */
  readonly appended: (operator: Operator, entries: Awaited<ReturnType<Journal['append']>>) => void
  /** Right after the lease changed hands. */
  readonly taken: (operator: Operator, ask: Parameters<Journal['takeLease']>[0], token: number) => void
}

/** The environment's journal as one operator reaches it: with a point before and after every durable write. */
export function operatorJournal(world: World, journal: Journal, operator: Operator, watch: JournalWatch): Journal {
  const durable = async <T>(
    what: string,
    work: () => Promise<T>,
    drafts?: Parameters<Journal['append']>[1],
  ): Promise<T> => {
    const facts = drafts === undefined ? {} : { drafts }
    const before = world.gate.pass(operator, { at: 'append', side: 'before', what, ...facts })
    if (before !== undefined) await before
    world.gate.fault(operator, `journal.${what}`, 'before')
    const result = await work()
    const after = world.gate.pass(operator, { at: 'append', side: 'after', what, ...facts })
    if (after !== undefined) await after
    return result
  }
  const look = <T>(what: string, work: () => Promise<T>) => world.call(operator, `journal.${what}`, work)
  return {
    id: () => journal.id(),
    head: () => look('head', () => journal.head()),
    read: (range) => look('read', () => journal.read(range)),
    lease: () => look('lease', () => journal.lease()),
    loadCheckpoint: (version) => look('loadCheckpoint', () => journal.loadCheckpoint(version)),
    append: (token, drafts) =>
      durable(
        'append',
        async () => {
          const entries = await journal.append(token, drafts)
          watch.appended(operator, entries)
          return entries
        },
        drafts,
      ),
    takeLease: (ask) =>
      durable('takeLease', async () => {
        const answer = await journal.takeLease(ask)
        if ('taken' in answer) {
          operator.token = answer.taken.token
          watch.taken(operator, ask, answer.taken.token)
        }
        return answer
      }),
    renewLease: (token) => durable('renewLease', () => journal.renewLease(token)),
    releaseLease: (token) => durable('releaseLease', () => journal.releaseLease(token)),
    saveCheckpoint: (checkpoint) => durable('saveCheckpoint', () => journal.saveCheckpoint(checkpoint)),
    close: () => journal.close(),
  }
}
