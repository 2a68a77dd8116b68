import { readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Color } from '../../domain/color.ts'
import type { OperationId } from '../../domain/ids.ts'
import { allOf } from '../../lib/all-of.ts'
import { diskFull } from '../../lib/disk-full.ts'
import type { ProcessContext } from './context.ts'
import { endRun } from './end-run.ts'
import { type Entered, throughFence } from './fence.ts'
import { writeFenced } from './fenced-file.ts'
import { pruneLogs } from './log-files.ts'
import { type InstanceRecord, readRecords } from './records.ts'
import { colorInUse, type Run, surveyColor } from './survey.ts'

export interface ColorAsk {
  readonly color: Color
  readonly operation?: OperationId
  readonly fencedBy: number
}

/** Ends what runs of a color, recorded or not, all at once; files and logs stay. */
export async function stopColor(context: ProcessContext, ask: ColorAsk): Promise<void> {
  await endRuns(context, await context.enter(ask.fencedBy), ask)
}

/** Ends it and takes its folders and records away. The newest logs stay, each with the record that says what to redact in it. */
export async function removeColor(context: ProcessContext, ask: ColorAsk): Promise<void> {
  const entered = await context.enter(ask.fencedBy)
  await endRuns(context, entered, ask)
  await discard(context, entered, ask.color, (operation) => ask.operation === undefined || operation === ask.operation)
  pruneLogs(context)
}

async function endRuns(context: ProcessContext, entered: Entered, { color, operation }: ColorAsk): Promise<void> {
  await allOf(
    surveyColor(context, color, operation).map(async (run) => {
      const ending = await endRun(context, entered, run, color)
      if (run.record === null || run.record.stopped !== null) return
      // After TERM the exit code belongs to whoever is its parent; after KILL we know it.
      const stopped = { at: context.clock.now(), exit: ending === 'killed' ? 'SIGKILL' : null }
      if (ending !== 'absent') await note(entered, context.layout.record(run.name), { ...run.record, stopped })
    }),
  )
}

/** Since when and how it is stopped. On a full disk that is not worth a failure: it is stopped, and its process says so. */
async function note(entered: Entered, path: string, record: InstanceRecord): Promise<void> {
  try {
    await writeFenced(entered, path, JSON.stringify(record))
  } catch (error) {
    if (diskFull(error) === null) throw error
  }
}

/**
 * Deletes the folders and records of a color's operations. Looks again whether anything of them runs and then refuses: error `color-in-use`.
 * A folder is renamed out of the way in one step and deleted afterwards, so that what is left is whole or absent at any instant.
 */
export async function discard(
  context: ProcessContext,
  entered: Entered,
  color: Color,
  which: (operation: OperationId) => boolean,
): Promise<void> {
  const runs = surveyColor(context, color).filter(({ operation }) => which(operation))
  const running = runs.filter(({ processes }) => processes.length > 0)
  if (running.length > 0) throw colorInUse(color, running)
  await entered.check()
  for (const run of runs) await archive(context, run)
  if (which(NO_OPERATION)) await dropDamaged(context, color)
  for (const operation of (await namesIn(context.layout.color(color))) as readonly OperationId[]) {
    if (!which(operation)) continue
    const rubbish = entered.temporary('rubbish')
    await throughFence(entered, () => rename(context.layout.unpacked(color, operation), rubbish))
    await rm(rubbish, { recursive: true, force: true })
  }
}

/** A record that says nothing can be nobody's own; it goes when everything goes. */
const NO_OPERATION = '' as OperationId

async function dropDamaged({ layout }: ProcessContext, color: Color): Promise<void> {
  const ofColor = new RegExp(`-${color}(-\\d+)?$`)
  for (const name of readRecords(layout.instances).unreadable)
    if (ofColor.test(name)) await rm(layout.record(name), { force: true })
}

async function archive({ layout }: ProcessContext, { name, operation, record }: Run): Promise<void> {
  if (record !== null) await rename(layout.record(name), join(layout.archived(name, operation)))
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
