import { refusal, usageError } from '../domain/errors.ts'
import type { DataServiceName } from '../domain/ids.ts'
import type { Plan } from '../domain/plan/plan.ts'
import { planRunSql } from '../domain/plan/run-sql.ts'
import type { OperationEnd } from '../engine/run.ts'
import type { SqlShape } from '../ports/database.ts'
import type { Environment, RunOptions } from './environment.ts'
import { lookAtData } from './look-at-data.ts'
import { observe, planFacts } from './observe.ts'
import { sealPlan } from './plan-hash.ts'
import { runPlan } from './run-plan.ts'

export interface RunSqlRequest {
  /** As it was typed, for people. */
  readonly file: string
  readonly text: string
  /** Null: the only database there is. */
  readonly service: DataServiceName | null
  readonly reason: string | null
  readonly inverseOf: string | null
  readonly lockTimeoutMs: number
  readonly statementTimeoutMs: number
}

/** The plan of running a file by hand, and what the file is. Nothing is sent to the database; the text is kept on this host. */
export async function prepareRunSql(
  environment: Environment,
  ask: RunSqlRequest,
): Promise<{ readonly plan: Plan; readonly shape: SqlShape }> {
  const { service, database } = databaseFor(environment, ask.service)
  const shape = database.readSql(ask.text)
  const observed = await observe(environment)
  const facts = planFacts(environment, observed, ask.reason, await lookAtData(environment))
  const { file, inverseOf, lockTimeoutMs, statementTimeoutMs } = ask
  const sha256 = await environment.texts.keep(ask.text)
  const isOneTransaction = shape.becauseOf === null
  const plan = planRunSql(facts, {
    service,
    file,
    sha256,
    inverseOf,
    lockTimeoutMs,
    statementTimeoutMs,
    isOneTransaction,
  })
  return { plan: sealPlan(plan), shape }
}

function databaseFor({ data }: Environment, asked: DataServiceName | null) {
  const databases = data.flatMap((one) => {
    const database = one.database()
    return database === null ? [] : [{ service: one.name, database }]
  })
  const found = asked === null ? databases : databases.filter(({ service }) => service === asked)
  const [first, second] = found
  if (first !== undefined && second === undefined) return first
  if (first === undefined)
    throw refusal(asked === null ? 'this environment has no database' : `${asked} is no database of this environment`, {
      code: 'no-such-service',
      details: databases.map(({ service }) => service),
      hint: 'write it under environments.<name>.data',
    })
  throw usageError('there is more than one database: say which', {
    code: 'which-service',
    place: { flag: '--service' },
    details: databases.map(({ service }) => service),
  })
}

export function runSql(environment: Environment, plan: Plan, options: RunOptions = {}): Promise<OperationEnd> {
  return runPlan(environment, plan, options)
}
