import { BackflipError, refusal } from '../../domain/errors.ts'
import type { Json } from '../../domain/json.ts'
import type { RunSqlParams } from '../../domain/plan/params.ts'
import { defineStep, type StepContext, type StepResult } from '../../engine/step.ts'
import type { Database, SqlReport } from '../../ports/database.ts'
import { fencedDatabasesOf } from '../data.ts'
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
    const database = await databaseOf(ask, context)
    if (await database.hasMarker(done)) return ran(ask, null)
    return !ask.isOneTransaction && (await database.hasMarker(begun)) ? 'unknown' : 'not-done'
  },
  async execute(ask, context) {
    const { done, begun } = markersOf(context)
    const database = await databaseOf(ask, context)
    if (!ask.isOneTransaction) {
      if (await database.hasMarker(begun)) throw nobodyKnows(ask)
      await database.mark(begun)
    }
    const text = await context.ports.texts.read(ask.sha256)
    if (text === null) throw gone(ask)
    const { lockTimeoutMs, statementTimeoutMs } = ask
    try {
      return ran(ask, await database.runSql({ text, lockTimeoutMs, statementTimeoutMs, marker: done }))
    } catch (error) {
      // A session of ours that somebody's death left behind was faster, or the answer got lost: the marker is there exactly when all of it was done.
      if (await database.hasMarker(done).catch(() => false)) return ran(ask, null)
      throw error
    }
  },
  // A second file may be its inverse, which nobody knows here. But what was done is not told as undone.
  async undo(ask, context) {
    const { done } = markersOf(context)
    const database = await databaseOf(ask, context)
    return (await database.hasMarker(done)) ? ran(ask, null).effects : []
  },
  manual: ({ service }) => [`start the database of ${service} if it is stopped, then: backflip resume`],
})

function markersOf({ operation }: StepContext<StepPorts>) {
  return { done: `sql-${operation}`, begun: `sql-begun-${operation}` }
}

async function databaseOf({ service }: RunSqlParams, { ports, generation }: StepContext<StepPorts>): Promise<Database> {
  const [found] = await fencedDatabasesOf(ports, [service], generation)
  if (found !== undefined) return found.database
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
