import { usageError } from '../domain/errors.ts'
import type { Plan } from '../domain/plan/plan.ts'
import type { OperationEnd } from '../engine/run.ts'
import { monotonicMs } from '../lib/monotonic.ts'
import type { RunOptions } from '../operations/environment.ts'
import type { CommandInput } from './define-command.ts'
import { EXIT, exitOfEnd } from './exit-codes.ts'
import { endObject, renderEnd } from './render/end.ts'
import { eventsView, liveView, plainView, type View } from './render/live-view.ts'
import { renderPlan } from './render/plan.ts'
import { painter } from './render/style.ts'

/** Shows a plan, asks, runs it with a live view, says how it ended: the same for every operation. */
export async function operate(
  input: CommandInput,
  plan: Plan,
  run: (options: RunOptions) => Promise<OperationEnd>,
): Promise<number> {
  const { io, options } = input
  if (options.json !== true) io.err(`${renderPlan(plan, painter(io.useColor)).join('\n')}\n`)
  await confirm(input)
  return runShown(input, plan, run)
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
  let end: OperationEnd
  try {
    end = await run({ ...(await runOptions(input)), progress: view.progress })
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
