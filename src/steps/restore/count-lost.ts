import { boundOf, countedFromMark } from '../../domain/data/loss-bound.ts'
import { parseLsn } from '../../domain/data/lsn.ts'
import { refusal } from '../../domain/errors.ts'
import type { Json } from '../../domain/json.ts'
import type { CountLostParams } from '../../domain/plan/params.ts'
import { defineStep } from '../../engine/step.ts'
import { counted } from '../../lib/counted.ts'
import type { DataLoss } from '../../ports/database.ts'
import { serviceOf } from '../data.ts'
import type { StepPorts } from '../ports.ts'

/**
 * A of a restore: writers are stopped, so this is what would really be lost. Above what a person agreed to, everything is opened again as it was.
 * A number that is not exact is no number to agree to, unless any was agreed to.
 */
export const countLost = defineStep<StepPorts, CountLostParams>({
  id: 'count-lost',
  limits: { attempts: 2, timeoutMs: 15 * 60_000 },
  async execute({ services, maxLost }, { ports, say }) {
    const losses: { [service: string]: DataLoss } = {}
    for (const { service, mark, from } of services) {
      const database = serviceOf(ports, service).database()
      if (database === null) continue
      const since = await ports.markOf(mark, service)
      const loss = await database.lossSince(since, from === null ? {} : { from: parseLsn(from) })
      losses[service] = from === null && mark.step === 'mark-data' ? countedFromMark(loss) : loss
    }
    const all = Object.values(losses)
    const transactions = all.reduce((sum, one) => sum + one.transactions, 0)
    say(`${counted(transactions, 'transaction')} would be lost`)
    if (maxLost !== null) refuseMore(all, transactions, maxLost)
    return { output: { transactions, losses } as unknown as Json, effects: [] }
  },
  undo: 'none',
})

function refuseMore(losses: readonly DataLoss[], transactions: number, maxLost: number): void {
  // "At most" may be less: enough to say yes, never to say no.
  const bound = boundOf(losses)
  const isUncertain = bound === 'at-least' || bound === 'about'
  if (!isUncertain && transactions <= maxLost) return
  throw refusal(
    isUncertain
      ? `nobody can say exactly how much would be lost: ${transactions} transactions are known of`
      : `${transactions} transactions would be lost, and at most ${maxLost} may be`,
    {
      code: 'more-would-be-lost',
      details: [
        'the service goes on as it was',
        ...losses.flatMap(({ reservations }) => reservations),
        ...losses
          .flatMap(({ tables }) => tables.slice(0, 5))
          .map(
            ({ name, inserted, updated, deleted }) =>
              `${name}: ${inserted} inserted, ${updated} updated, ${deleted} deleted`,
          ),
      ],
      hint: `the same command with --max-lost ${isUncertain ? 'any' : transactions}`,
    },
  )
}
