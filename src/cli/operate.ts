import { BackflipError, usageError } from '../domain/errors.ts'
import type { Plan } from '../domain/plan/plan.ts'
import type { OperationEnd } from '../engine/run.ts'
import { monotonicMs } from '../lib/monotonic.ts'
import type { Environment, Progress, RunOptions } from '../operations/environment.ts'
import { awaitTurn } from '../operations/with-lease.ts'
import type { CommandInput } from './define-command.ts'
import { EXIT, exitOfEnd } from './exit-codes.ts'
import { endObject, renderEnd } from './render/end.ts'
import { eventsView, liveView, plainView, type View } from './render/live-view.ts'
import { renderPlan } from './render/plan.ts'
import { painter } from './render/style.ts'

export interface Operation {
  readonly environment: Environment
  readonly prepare: () => Promise<Plan>
  readonly run: (plan: Plan, options: RunOptions) => Promise<OperationEnd>
  /** `prepare` has asked already, in its own words. */
  readonly isConfirmed?: boolean
}

/**
 * Plans, shows the plan, asks, runs it with a live view, says how it ended: the same for every operation. With `--lock-wait` it plans when its turn
 * has come; when somebody else was faster then, and nobody looked at the plan because of `--yes`, it waits and plans again.
 */
export async function operate(input: CommandInput, operation: Operation): Promise<number> {
  const { environment, prepare, run, isConfirmed = false } = operation
  const { io, options } = input
  const waiting = await runOptions(input)
  const begun = monotonicMs()
  for (;;) {
    await awaitTurn(environment, { ...waiting, progress: waitingLine(input) })
    const plan = await prepare()
    if (options.json !== true) io.err(`${renderPlan(plan, painter(io.useColor)).join('\n')}\n`)
    if (!isConfirmed) await confirm(input)
    try {
      return await runShown(input, plan, (running) => run(plan, running))
    } catch (error) {
      const isLate = monotonicMs() - begun >= (waiting.lockWaitMs ?? 0)
      if (isLate || options.yes !== true || !(error instanceof BackflipError) || error.code !== 'plan-outdated')
        throw error
    }
  }
}

/** Who is waited for, before there is a plan to show. */
function waitingLine({ io, options }: CommandInput): Progress {
  return { entry: () => undefined, say: (_step, text) => (options.json === true ? undefined : io.err(`… ${text}\n`)) }
}

/** Error `not-confirmed`: nobody is there to ask, and `--yes` was not given. */
async function confirm({ io, options }: CommandInput): Promise<void> {
  if (options.yes === true) return
  const answer = await io.ask('Go ahead? [y/N] ')
  if (answer !== null && /^y(es)?$/i.test(answer.trim())) return
  throw usageError(answer === null ? 'nobody is there to confirm' : 'not confirmed', {
    code: 'not-confirmed',
    place: { flag: '--yes' },
    hint: 'the same command with --yes',
  })
}

export async function runShown(
  input: CommandInput,
  plan: Plan,
  run: (options: RunOptions) => Promise<OperationEnd>,
): Promise<number> {
  const { io, options } = input
  const paint = painter(io.useColor)
  const begun = monotonicMs()
  const view = viewOf(input, plan)
  const { entry, say } = view.progress
  const progress: Progress = {
    say,
    entry: (one) => {
      input.changing()
      entry(one)
    },
  }
  let end: OperationEnd
  try {
    end = await run({ ...(await runOptions(input)), progress })
  } finally {
    view.close()
  }
  const interrupted = io.signal.aborted && end.error?.code === 'interrupted'
  const exitCode = interrupted ? EXIT.interrupted : exitOfEnd(end)
  if (options.json === true) io.out(`${JSON.stringify(endObject(end, exitCode))}\n`)
  else io.err(`${renderEnd(end, exitCode, monotonicMs() - begun, paint).join('\n')}\n`)
  return exitCode
}

export async function runOptions({ options, io }: CommandInput): Promise<RunOptions> {
  if (options.lockWait === undefined) return { signal: io.signal }
  const { parseDuration } = await import('../lib/duration.ts')
  return { signal: io.signal, lockWaitMs: parseDuration(options.lockWait, '--lock-wait') }
}

function viewOf({ io, options }: CommandInput, plan: Plan): View {
  const paint = painter(io.useColor)
  if (options.events === true) return eventsView(io)
  if (options.json === true)
    return { progress: { entry: () => undefined, say: () => undefined }, close: () => undefined }
  return io.isTerminal ? liveView(plan, io, paint) : plainView(plan, io, paint)
}

/** For what changes things outside an operation (up, down, a repair): once it holds the lease, an error may come in the middle. */
export async function changingUnlessHeld<T>(input: CommandInput, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof BackflipError) || (error.kind !== 'held' && error.kind !== 'usage')) input.changing()
    throw error
  }
}
