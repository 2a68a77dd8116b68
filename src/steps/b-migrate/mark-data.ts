import type { Json } from '../../domain/json.ts'
import type { MarkDataParams } from '../../domain/plan/params.ts'
import { defineStep, type Step, type StepContext, type StepResult } from '../../engine/step.ts'
import type { DatabaseMark } from '../../ports/database.ts'
import { databasesOf } from '../data.ts'
import type { StepPorts } from '../ports.ts'

/** Tables whose counters are journalled: an entry has a bound, and the rest is counted from the log. */
const MAX_TABLES = 2_000

/** B: where each database stands, as a row in it, a named place in its log, and an entry here: what a snapshot is held against later. */
export const markData = markStep('mark-data')

/** E of a restore: what an undo of it would lose is counted from here. */
export const markRestored = markStep('mark-restored')

/**
 * Repeatable: a mark is written again, later, and the later one counts. The restore point lies behind the row, so that what is recovered has it, and is
 * named by the row's transaction: recovery stops at the first point of a name, and a repeat makes another one.
 */
function markStep(id: string): Step<StepPorts> {
  return defineStep<StepPorts, MarkDataParams>({
    id,
    limits: { attempts: 2, timeoutMs: 15 * 60_000 },
    execute: markAll,
    undo: 'none',
  })
}

async function markAll({ services, mark }: MarkDataParams, { ports }: StepContext<StepPorts>): Promise<StepResult> {
  const marks: { [service: string]: DatabaseMark } = {}
  for (const { service, database } of databasesOf(ports, services)) {
    await database.checkpoint()
    const marked = bounded(await database.mark(mark))
    const name = `${mark}-${marked.xid}`
    marks[service] = { ...marked, point: { name, lsn: await database.restorePoint(name) } }
  }
  return { output: { marks } as unknown as Json, effects: [] }
}

function bounded(mark: DatabaseMark): DatabaseMark {
  const { tables, tablesLeftOut } = mark.facts
  const left = Math.max(0, tables.length - MAX_TABLES)
  return { ...mark, facts: { ...mark.facts, tables: tables.slice(0, MAX_TABLES), tablesLeftOut: tablesLeftOut + left } }
}
