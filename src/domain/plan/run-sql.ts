import { refusal } from '../errors.ts'
import type { DataServiceName } from '../ids.ts'
import { checkDataSteps, snapshotBefore } from './data-steps.ts'
import { planHead, type UnhashedPlan } from './deploy.ts'
import type { PlanFacts } from './facts.ts'
import { agreedLive } from './guards.ts'
import type { RunSqlParams } from './params.ts'
import { step } from './step.ts'

export interface RunSqlAsk {
  readonly service: DataServiceName
  readonly file: string
  readonly sha256: string
  readonly inverseOf: string | null
  readonly isOneTransaction: boolean
  readonly lockTimeoutMs: number
  readonly statementTimeoutMs: number
}

/** The runbook's third path: a documented inverse, after a snapshot. Never undone by itself: the snapshot is the way back from it. */
export function planRunSql(facts: PlanFacts, ask: RunSqlAsk): UnhashedPlan {
  if (facts.reason === null)
    throw refusal('SQL by hand needs a reason: it is in the history for ever', {
      code: 'no-reason',
      hint: '--reason TEXT',
    })
  const found = facts.data.find(({ name }) => name === ask.service)
  if (found?.kind !== 'postgres')
    throw refusal(`${ask.service} is no database of this environment`, {
      code: 'no-such-service',
      hint: 'backflip check',
    })
  const { file, ...params } = ask
  return {
    ...planHead(facts, 'sql', null),
    target: null,
    from: agreedLive(facts),
    consumes: null,
    because: [ask.inverseOf === null ? 'asked for by a person' : `the documented inverse of ${ask.inverseOf}`],
    steps: [
      ...checkDataSteps(facts, facts.data, facts.settings.snapshots),
      ...snapshotBefore(facts, `pre-sql-${facts.operation}`, `sql ${ask.sha256.slice(0, 12)}`),
      step<RunSqlParams>('run-sql', 'migrate', `Run ${file} (${ask.sha256.slice(0, 12)}) in ${ask.service}`, params),
    ],
  }
}
