import { BackflipError, toErrorRecord } from '../../domain/errors.ts'
import type { MigrateParams } from '../../domain/plan/params.ts'
import type { Migrate } from '../../domain/release.ts'
import { defineStep, type StepContext, type StepResult } from '../../engine/step.ts'
import type { OneOffOutcome, Runtime } from '../../ports/runtime.ts'
import { cachedRelease } from '../guards.ts'
import type { StepPorts } from '../ports.ts'

const MAX_MS = 60 * 60_000

/**
 * B: the release's own migrate command, in a one-off instance of it. Traffic stays where it is whatever comes out, because a release may
 * only bring changes that the one before it survives. An unknown outcome is read again with the release's own `check`, never repeated blindly.
 */
export const runMigration = defineStep<StepPorts, MigrateParams>({
  id: 'run-migration',
  limits: { attempts: 1, timeoutMs: MAX_MS },
  async check(params, context) {
    const outcome = await context.ports.runtime.oneOff({ name: 'migrate', operation: context.operation })
    if (outcome.state === 'absent') return 'not-done'
    return finished(outcome) ? migrated(params) : 'unknown'
  },
  async execute(params, context) {
    const { migrate, run } = await oneOffOf(params, context)
    const outcome = await run('migrate', migrate.command, migrate.timeoutMs).catch((error: unknown) =>
      whatBecame(error, context),
    )
    if (finished(outcome)) return migrated(params)
    if (outcome.state === 'unknown' && migrate.check !== undefined) {
      const again = await run('migrate-check', migrate.check, migrate.timeoutMs).catch((error: unknown) => {
        throw failed({ ...outcome, lastLines: [...outcome.lastLines, toErrorRecord(error).message] }, params)
      })
      if (finished(again)) return migrated(params)
    }
    throw failed(outcome, params)
  },
  // Going back would be a second migration; the old release fits the schema by the expand-contract rule.
  undo: 'none',
})

/** Who watched it is cut off: whether it had begun is asked again. What cannot be asked is not known, and is not told as a failure. */
async function whatBecame(
  error: unknown,
  { ports, operation }: Pick<StepContext<StepPorts>, 'ports' | 'operation'>,
): Promise<OneOffOutcome> {
  if (!(error instanceof BackflipError) || error.kind !== 'failed') throw error
  const seen = await ports.runtime.oneOff({ name: 'migrate', operation }).catch(() => null)
  if (seen?.state === 'absent') throw error
  if (seen?.state === 'finished') return seen
  return { state: 'unknown', exitCode: null, lastLines: [error.message, ...(seen?.lastLines ?? [])] }
}

function finished({ state, exitCode }: OneOffOutcome): boolean {
  return state === 'finished' && exitCode === 0
}

function migrated({ sha }: MigrateParams): StepResult {
  return { output: { exitCode: 0 }, effects: [{ effect: 'migrated', sha }] }
}

/** What PostgreSQL says, in each of its own runners: SQLSTATE 55P03 (PostgreSQL manual, appendix A). */
const LOCK_TIMEOUT = /lock timeout|lock_timeout|55P03/i

function failed(outcome: OneOffOutcome, { sha }: MigrateParams): BackflipError {
  if (outcome.state === 'finished') {
    const isLocked = outcome.lastLines.some((line) => LOCK_TIMEOUT.test(line))
    return new BackflipError(`the migration ended with exit code ${outcome.exitCode ?? 'unknown'}`, {
      code: 'migration-failed',
      kind: 'failed',
      details: outcome.lastLines,
      hint: isLocked
        ? `see who holds the lock (pg_locks, pg_stat_activity), then: backflip deploy ${sha}`
        : `mend the migration, publish the release that has it mended, then: backflip deploy SHA   (when it was not its fault: backflip deploy ${sha})`,
    })
  }
  return new BackflipError('nobody can tell whether the migration was applied: nobody has its exit code', {
    code: 'migration-unknown',
    kind: 'person',
    details: ['it is not run again by itself; traffic stays on the old release', ...outcome.lastLines],
    hint: `look into the database, then: backflip deploy ${sha}`,
  })
}

type RunOnce = (name: string, command: readonly string[], timeoutMs: number) => ReturnType<Runtime['runOnce']>

async function oneOffOf(
  { sha, lockTimeoutMs, environment }: MigrateParams,
  { ports, operation, generation }: StepContext<StepPorts>,
): Promise<{ migrate: Migrate; run: RunOnce }> {
  const { manifest, artifacts } = await cachedRelease(ports, sha)
  const { migrate } = manifest
  const artifact = artifacts.find(({ component }) => component === migrate?.component)
  if (migrate === null || artifact === undefined) {
    throw new BackflipError(`the release ${sha} says to migrate with a component it does not have`, {
      code: 'bad-manifest',
      kind: 'refused',
      hint: 'name a component of it in migrate.component of backflip.yaml, and publish it again: backflip publish',
    })
  }
  const run: RunOnce = (name, command, timeoutMs) =>
    ports.runtime.runOnce({
      name,
      operation,
      manifest,
      artifact,
      command,
      // What the configuration says itself wins.
      environment: { PGOPTIONS: `-c lock_timeout=${lockTimeoutMs}`, ...environment },
      timeoutMs,
      fencedBy: generation,
    })
  return { migrate, run }
}
