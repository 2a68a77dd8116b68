import { existsSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { OperationId } from '../../domain/ids.ts'
import { bootId } from '../../lib/proc.ts'
import type { OneOffOutcome } from '../../ports/runtime.ts'
import type { ProcessContext } from './context.ts'
import { processesOf } from './end-run.ts'
import { tailOf } from './log-files.ts'
import { type Claim, type Outcome, oneOffFiles, readTrace } from './one-off-files.ts'
import { lives } from './process-table.ts'

const LAST_LINES = 20
const KEPT_OPERATIONS = 20

export function oneOffInstance({ app, environment }: ProcessContext, name: string): string {
  return `${app}-${environment}-one-off-${name}`
}

/** What its traces and its processes say. Changes nothing. */
export async function lookAtOneOff(
  context: ProcessContext,
  { name, operation }: { readonly name: string; readonly operation: OperationId },
): Promise<OneOffOutcome> {
  const files = oneOffFiles(context.layout.oneOffs, name, operation)
  const claim = readTrace<Claim>(files.claim)
  const lastLines = await tailOf(context, files.log, claim?.environment ?? {}, LAST_LINES)
  // The processes first, the outcome second: whoever is gone at the first look has left at the second all that it ever will.
  const running = isRunning(context, name, operation, claim)
  const outcome = readTrace<Outcome>(files.outcome)
  if (typeof outcome?.exitCode === 'number') return { state: 'finished', exitCode: outcome.exitCode, lastLines }
  if (running) return { state: 'running', exitCode: null, lastLines }
  const traces = existsSync(files.claim) || existsSync(files.outcome)
  return { state: traces ? 'unknown' : 'absent', exitCode: null, lastLines }
}

/** The runner, or what outlived it: also before the claim, when it is about to run the command. */
function isRunning(context: ProcessContext, name: string, operation: OperationId, claim: Claim | null): boolean {
  if (claim !== null && claim.bootId === bootId() && lives(claim)) return true
  return processesOf(context, oneOffInstance(context, name), operation).length > 0
}

/**
 * Takes away what the finished one-off was unpacked into, and all of operations long ago. Outcomes are kept long after anybody may ask again: asking
 * for one that is gone would run it again.
 */
export async function pruneOneOffs(
  { layout }: ProcessContext,
  { name, operation }: { readonly name: string; readonly operation: OperationId },
): Promise<void> {
  const files = await readdir(layout.oneOffs)
  const operationOf = (file: string) => file.slice(0, file.indexOf('.'))
  const old = new Set([...new Set(files.map(operationOf))].sort().slice(0, -KEPT_OPERATIONS))
  const unpacked = basename(oneOffFiles(layout.oneOffs, name, operation).folders)
  const over = files.filter((file) => old.has(operationOf(file)) || file.startsWith(unpacked))
  await Promise.all(over.map((file) => rm(join(layout.oneOffs, file), { recursive: true, force: true })))
}
