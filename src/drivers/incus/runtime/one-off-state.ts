import { constants } from 'node:os'
import type { OperationId } from '../../../domain/ids.ts'
import type { OneOffOutcome } from '../../../ports/runtime.ts'
import { pullFile } from '../files.ts'
import type { RuntimeContext } from './context.ts'
import { findOurs } from './create.ts'
import { type ExitNote, innerPaths } from './files-in-container.ts'
import type { Owned } from './labels.ts'
import { oneOffContainer } from './names.ts'
import { readExit } from './service.ts'
import { tailOf } from './tail.ts'

const LAST_LINES = 20
const TIMED_OUT = 124

export interface OneOffAsk {
  readonly name: string
  readonly operation: OperationId
}

/** `waiting`: a container is there, and the command was not begun in it: beginning is safe, whoever does it. */
export type OneOffLook =
  | { readonly at: 'absent' }
  | { readonly at: 'waiting'; readonly owned: Owned }
  | { readonly at: 'begun'; readonly owned: Owned; readonly outcome: OneOffOutcome }

/** What its container says, running or stopped. Changes nothing. */
export async function lookInside(context: RuntimeContext, ask: OneOffAsk): Promise<OneOffLook> {
  const { client, config, owner } = context
  const name = oneOffContainer(owner, ask)
  const owned = await findOurs(context, name)
  if (owned === null) return { at: 'absent' }
  const paths = innerPaths(config, ask.operation)
  const claim = await pullFile(client, name, paths.claim)
  if (claim === null) return { at: 'waiting', owned }
  const lastLines = await tailOf(context, name, paths, LAST_LINES)
  // The process first, the note second: whoever is gone at the first look has left at the second all that it ever will.
  const isRunning = owned.instance.status === 'Running' && (await wasBegunInThisLife(context, owned))
  const exit = await readExit(context, name, paths)
  if (exit !== null)
    return { at: 'begun', owned, outcome: { state: 'finished', exitCode: exitCodeOf(exit), lastLines } }
  const state = isRunning ? 'running' : 'unknown'
  return { at: 'begun', owned, outcome: { state, exitCode: null, lastLines } }
}

export async function lookAtOneOff(context: RuntimeContext, ask: OneOffAsk): Promise<OneOffOutcome> {
  const look = await lookInside(context, ask)
  return look.at === 'begun' ? look.outcome : { state: 'absent', exitCode: null, lastLines: [] }
}

/** A container that was started again since has lost the command, and nothing says how far it had come. */
async function wasBegunInThisLife({ client, config }: RuntimeContext, { instance, labels }: Owned): Promise<boolean> {
  const view = await pullFile(client, instance.name, innerPaths(config, labels.operation).begun)
  return view?.type === 'file' && view.bytes.toString('utf8') === instance.startedAt
}

function exitCodeOf({ result, exit }: ExitNote): number {
  if (result === 'timeout') return TIMED_OUT
  if (/^\d+$/.test(exit)) return Number(exit)
  return 128 + (constants.signals[exit as NodeJS.Signals] ?? 0)
}
