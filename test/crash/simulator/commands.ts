import type { Color } from '../../../src/domain/color.ts'
import { BackflipError } from '../../../src/domain/errors.ts'
import type { Sha } from '../../../src/domain/ids.ts'
import type { RollbackMode } from '../../../src/domain/plan/rollback.ts'
import { breakLock } from '../../../src/operations/break-lock.ts'
import { cleanup, prepareCleanup } from '../../../src/operations/cleanup.ts'
import { deploy, prepareDeploy } from '../../../src/operations/deploy.ts'
import { repair } from '../../../src/operations/doctor.ts'
import type { Environment, RunOptions } from '../../../src/operations/environment.ts'
import { freeze, unfreeze } from '../../../src/operations/freeze.ts'
import { markGood } from '../../../src/operations/mark-good.ts'
import { abort, resume } from '../../../src/operations/recover.ts'
import { prepareRollback, rollback } from '../../../src/operations/rollback.ts'
import { up } from '../../../src/operations/up-down.ts'
import type { Judge } from './judge.ts'

/** What a person types. */
export type Command =
  | { readonly verb: 'deploy'; readonly sha: Sha; readonly again: boolean }
  | { readonly verb: 'rollback'; readonly sha: Sha | null; readonly mode: RollbackMode }
  | { readonly verb: 'cleanup'; readonly color: Color | null; readonly force: boolean }
  | { readonly verb: 'resume' | 'abort' | 'freeze' | 'unfreeze' | 'doctor' | 'lock break' | 'up' }
  | { readonly verb: 'mark-good'; readonly sha: Sha }

export function show(command: Command): string {
  switch (command.verb) {
    case 'deploy':
      return `deploy ${command.sha.slice(0, 4)}${command.again ? ' --again' : ''}`
    case 'rollback':
      return `rollback ${command.sha?.slice(0, 4) ?? ''} --mode ${command.mode}`
    case 'cleanup':
      return `cleanup ${command.color ?? ''}${command.force ? ' --force' : ''}`
    case 'mark-good':
      return `mark-good ${command.sha.slice(0, 4)}`
    default:
      return command.verb
  }
}

const REASON = 'the story says so'

/** Plans, and runs what was planned, as the command line does. */
export async function execute(
  environment: Environment,
  command: Command,
  options: RunOptions,
  judge: Judge,
): Promise<string> {
  switch (command.verb) {
    case 'deploy': {
      const reason = command.again ? REASON : null
      return (await deploy(environment, await prepareDeploy(environment, { ...command, reason }), options)).outcome
    }
    case 'rollback': {
      const plan = await prepareRollback(environment, { ...command, reason: REASON })
      judge.rollbackPlanned(plan, command.sha)
      return (await rollback(environment, plan, options)).outcome
    }
    case 'cleanup':
      return (await cleanup(environment, await prepareCleanup(environment, { ...command, reason: REASON }), options))
        .outcome
    case 'resume':
      return (await resume(environment, options)).outcome
    case 'abort':
      return (await abort(environment, options)).outcome
    case 'freeze':
      return done(freeze(environment, REASON, options))
    case 'unfreeze':
      return done(unfreeze(environment, REASON, options))
    case 'doctor':
      return done(repair(environment, options))
    case 'up':
      return done(up(environment, options))
    case 'mark-good':
      return done(markGood(environment, command.sha, REASON, options))
    case 'lock break':
      return done(breakLock(environment, REASON))
  }
}

async function done(work: Promise<unknown>): Promise<string> {
  await work
  return 'done'
}

/** How a command ended: an outcome, or the code of the error. Anything but our own errors is a fault of the program. */
export async function ending(work: Promise<string>, judge: Judge): Promise<string> {
  try {
    return await work
  } catch (error) {
    if (error instanceof BackflipError) return error.code
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    judge.violate('no crash', text.split('\n').slice(0, 4).join(' | '))
    return 'unexpected'
  }
}
