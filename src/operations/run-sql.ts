import type { DataServiceName } from '../domain/ids.ts'
import type { Plan } from '../domain/plan/plan.ts'
import { planRunSql } from '../domain/plan/run-sql.ts'
import type { OperationEnd } from '../engine/run.ts'
import type { SqlShape } from '../ports/database.ts'
import { databaseOf } from './database-of.ts'
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
  const { service, database } = databaseOf(environment.data, ask.service)
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

export function runSql(environment: Environment, plan: Plan, options: RunOptions = {}): Promise<OperationEnd> {
  return runPlan(environment, plan, options)
}
