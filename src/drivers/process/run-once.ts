import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, constants, existsSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { BackflipError, usageError } from '../../domain/errors.ts'
import { type OperationId, quote } from '../../domain/ids.ts'
import { resolveEnvironment } from '../../lib/instance-environment.ts'
import { secretResolver } from '../../lib/secrets.ts'
import type { OneOffOutcome, Runtime } from '../../ports/runtime.ts'
import type { ProcessContext } from './context.ts'
import { endProcesses, processesOf } from './end-run.ts'
import type { Entered } from './fence.ts'
import { markOf, resolveCommand } from './launch.ts'
import { oneOffFiles, type RunnerAsk } from './one-off-files.ts'
import { lookAtOneOff, oneOffInstance, pruneOneOffs } from './one-off-state.ts'
import { unpackInto } from './unpack.ts'

type RunOnceAsk = Parameters<Runtime['runOnce']>[0]

const KILL_AFTER_MS = 5_000
/** Beyond the time limit of the command: for the runner to end it and to write the outcome. */
const SLACK_MS = 15_000
const FIRST_PAUSE_MS = 5
const LONGEST_PAUSE_MS = 100

/**
 * Runs a command to its end, once: the runner that claims the name first runs it, and its outcome is the answer for everybody who asks, whoever died
 * meanwhile. Error `one-off-failed` (kind `failed`) when the runner itself did not get to the claim: then nothing was run and asking again is safe.
 */
export async function runOnce(context: ProcessContext, ask: RunOnceAsk): Promise<OneOffOutcome> {
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(ask.name))
    throw usageError(`${quote(ask.name)} cannot name a one-off`, { code: 'bad-name' })
  const entered = await context.enter(ask.fencedBy)
  const before = await settled(context, entered, ask, null)
  if (before.state !== 'absent') return before
  const runner = await startRunner(context, entered, ask)
  const after = await settled(context, entered, ask, runner)
  if (after.state === 'absent') {
    await entered.check()
    throw runnerFailed(context, ask)
  }
  await pruneOneOffs(context, ask)
  return after
}

interface Runner {
  readonly ended: () => boolean
}

async function startRunner(context: ProcessContext, entered: Entered, ask: RunOnceAsk): Promise<Runner> {
  const { name, operation, manifest, artifact, command, environment, timeoutMs } = ask
  const files = oneOffFiles(context.layout.oneOffs, name, operation)
  const mark = markOf(context, { name: oneOffInstance(context, name), operation, sha: manifest.sha })
  const resolve = secretResolver(context.ours)
  const { variables } = await resolveEnvironment({
    component: artifact.component,
    environment,
    fixed: { ...mark },
    ours: context.ours,
    resolve,
  })
  const folder = `${files.folders}${randomBytes(6).toString('hex')}`
  await unpackInto(context, entered, folder, [artifact])
  const cwd = join(folder, artifact.component)
  const job: RunnerAsk = {
    argv: resolveCommand(cwd, command),
    cwd,
    variables,
    timeoutMs,
    files,
    environment,
    killAfterMs: KILL_AFTER_MS,
    temporary: entered.temporary('claim'),
  }
  await entered.check()
  return spawnRunner(context, job, { ...mark })
}

/** Its environment holds the mark and no secret; what the command gets comes through the pipe. */
function spawnRunner(
  { oneOffEntry, ours }: ProcessContext,
  job: RunnerAsk,
  mark: { readonly [name: string]: string },
): Promise<Runner> {
  const log = openSync(
    job.files.log,
    constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW,
    0o600,
  )
  try {
    const env = { ...mark, ...(ours.PATH === undefined ? {} : { PATH: ours.PATH }) }
    const child = spawn(process.execPath, [oneOffEntry], {
      cwd: '/',
      env,
      detached: true,
      stdio: ['pipe', 'ignore', log],
    })
    let ended = false
    child.once('exit', () => {
      ended = true
    })
    const { stdin } = child
    return new Promise((done, refuse) => {
      child.once('error', refuse)
      const written = () => {
        child.unref()
        done({ ended: () => ended })
      }
      // It may have ended before it read: its exit says so, and the wait sees that.
      stdin?.once('error', written)
      stdin?.end(JSON.stringify(job), written)
    })
  } finally {
    closeSync(log)
  }
}

/** Waits until it has ended. `absent` when there is no runner and nobody claimed the name. */
async function settled(
  context: ProcessContext,
  entered: Entered,
  ask: RunOnceAsk,
  runner: Runner | null,
): Promise<OneOffOutcome> {
  const end = context.clock.monotonicMs() + ask.timeoutMs + SLACK_MS
  const files = oneOffFiles(context.layout.oneOffs, ask.name, ask.operation)
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    // Asked before the look: a runner that had ended by then left all that it will ever leave.
    const over = runner === null || runner.ended()
    if (over || existsSync(files.outcome)) {
      const found = await lookAtOneOff(context, ask)
      if (found.state !== 'running') return found
    }
    if (context.clock.monotonicMs() > end) break
    await context.clock.sleep(pauseMs)
  }
  const name = oneOffInstance(context, ask.name)
  const find = () => processesOf(context, name, ask.operation)
  await endProcesses(context, entered, { name, stopTimeoutMs: KILL_AFTER_MS, find, found: find() })
  return lookAtOneOff(context, ask)
}

function runnerFailed(
  context: ProcessContext,
  { name, operation }: { readonly name: string; readonly operation: OperationId },
): BackflipError {
  return new BackflipError(`the runner of the one-off ${name} ended before it ran anything`, {
    code: 'one-off-failed',
    kind: 'failed',
    hint: `read ${oneOffFiles(context.layout.oneOffs, name, operation).log}, then repeat the command`,
  })
}
