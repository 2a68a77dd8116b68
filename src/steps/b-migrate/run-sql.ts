import { BackflipError, refusal } from '../../domain/errors.ts'
import type { Json } from '../../domain/json.ts'
import type { RunSqlParams } from '../../domain/plan/params.ts'
import { defineStep, type StepContext, type StepResult } from '../../engine/step.ts'
import type { Database, SqlReport } from '../../ports/database.ts'
import { serviceOf } from '../data.ts'
import type { StepPorts } from '../ports.ts'

const MAX_MS = 24 * 60 * 60_000
const MAX_STATEMENTS = 500

/**
 * The runbook's third path. Our marker row is in the same transaction, so after a crash it says whether the file was committed; without one
 * transaction nobody can tell how far it came, and it is not run again by itself.
 */
export const runSql = defineStep<StepPorts, RunSqlParams>({
  id: 'run-sql',
  limits: { attempts: 1, timeoutMs: MAX_MS },
  async check(ask, context) {
    const { done, begun } = markersOf(context)
    const database = databaseOf(ask, context)
    if (await database.hasMarker(done)) return ran(ask, null)
    return !ask.isOneTransaction && (await database.hasMarker(begun)) ? 'unknown' : 'not-done'
  },
  async execute(ask, context) {
    const { done, begun } = markersOf(context)
    const database = databaseOf(ask, context)
    if (!ask.isOneTransaction) {
      if (await database.hasMarker(begun)) throw nobodyKnows(ask)
      await database.mark(begun)
    }
    const text = await context.ports.texts.read(ask.sha256)
    if (text === null) throw gone(ask)
    const { lockTimeoutMs, statementTimeoutMs } = ask
    return ran(ask, await database.runSql({ text, lockTimeoutMs, statementTimeoutMs, marker: done }))
  },
  // A second file may be its inverse; nobody knows it here.
  undo: 'none',
})

function markersOf({ operation }: StepContext<StepPorts>) {
  return { done: `sql-${operation}`, begun: `sql-begun-${operation}` }
}

function databaseOf({ service }: RunSqlParams, { ports }: StepContext<StepPorts>): Database {
  const database = serviceOf(ports, service).database()
  if (database !== null) return database
  throw refusal(`${service} is no database`, { code: 'no-such-service', hint: 'backflip check' })
}

function gone({ sha256 }: RunSqlParams): BackflipError {
  return refusal(`the SQL ${sha256.slice(0, 12)} is not on this host any more`, {
    code: 'sql-gone',
    hint: 'backflip abort, then the same command with the file',
  })
}

function nobodyKnows({ service }: RunSqlParams): BackflipError {
  return new BackflipError(
    `the file was begun in ${service} and is no single transaction: nobody can tell how far it came`,
    {
      code: 'sql-outcome-unknown',
      kind: 'person',
      details: ['it is not run again by itself', 'the snapshot that this operation took is from before it'],
      hint: 'look into the database, then: backflip abort',
    },
  )
}

function ran({ sha256, inverseOf }: RunSqlParams, report: SqlReport | null): StepResult {
  const shown = report === null ? null : { ...report, statements: report.statements.slice(0, MAX_STATEMENTS) }
  return { output: shown as unknown as Json, effects: [{ effect: 'sql-run', sha256, inverseOf }] }
}
