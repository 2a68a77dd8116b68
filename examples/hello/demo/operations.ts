import type { Entry, Outcome } from '../../../src/domain/journal.ts'
import type { Plan } from '../../../src/domain/plan/plan.ts'
import type { Flip } from '../traffic.ts'
import type { Stage } from './stage.ts'

/** One operation as the journal tells it. */
export interface OperationTold {
  readonly plan: Plan
  readonly outcome: Outcome | null
  readonly tookMs: number
  /** How long users saw a release that was reverted. */
  readonly seenMs: number | null
  /** By phase, in milliseconds: what was done, and what was undone. */
  readonly phasesMs: { readonly [phase: string]: number }
  /** The phase whose step failed, if one did. */
  readonly failedIn: string | null
  readonly flips: readonly Flip[]
}

const HISTORY_LIMIT = '100'

/** Every operation so far, oldest first, read with `backflip history`. Those in `known`, by their id, are not read again; it is added to. */
export async function readOperations(
  stage: Pick<Stage, 'backflip'>,
  known: Map<string, OperationTold> = new Map(),
): Promise<readonly OperationTold[]> {
  const lines = (await json(stage, ['history', '--limit', HISTORY_LIMIT])) as readonly {
    readonly line: string
    readonly plan?: Plan
  }[]
  const told: OperationTold[] = []
  for (const { plan } of [...lines].reverse()) {
    if (plan === undefined) continue
    const operation = known.get(plan.operation) ?? (await readOperation(stage, plan))
    if (operation.outcome !== null) known.set(plan.operation, operation)
    told.push(operation)
  }
  return told
}

async function readOperation(stage: Pick<Stage, 'backflip'>, plan: Plan): Promise<OperationTold> {
  const { entries } = (await json(stage, ['history', '--operation', plan.operation])) as {
    readonly entries: readonly Entry[]
  }
  return tellOperation(plan, entries)
}

async function json(stage: Pick<Stage, 'backflip'>, argv: readonly string[]): Promise<unknown> {
  const { code, out, err } = await stage.backflip([...argv, '--json'], { quiet: true })
  if (code !== 0) throw new Error(`backflip ${argv.join(' ')} ended with ${code}: ${err}`)
  return JSON.parse(out)
}

export function tellOperation(plan: Plan, entries: readonly Entry[]): OperationTold {
  const phaseOf = (step: string) => plan.steps.find(({ id }) => id === step)?.phase ?? 'prepare'
  const phasesMs: { [phase: string]: number } = {}
  let failedIn: string | null = null
  for (const { fact } of entries) {
    if (fact.kind === 'step-succeeded' || fact.kind === 'step-failed' || fact.kind === 'undo-finished')
      phasesMs[phaseOf(fact.step)] = (phasesMs[phaseOf(fact.step)] ?? 0) + fact.tookMs
    if (fact.kind === 'step-failed') failedIn = phaseOf(fact.step)
  }
  const end = entries.map(({ fact }) => fact).find((fact) => fact.kind === 'operation-finished')
  return {
    plan,
    outcome: end?.outcome ?? null,
    tookMs: end?.tookMs ?? 0,
    seenMs: end?.seenMs ?? null,
    phasesMs,
    failedIn,
    flips: flipsOf(entries),
  }
}

/** A flip lies between the entry that announces a step and the one that says who is live after it. */
function flipsOf(entries: readonly Entry[]): readonly Flip[] {
  const flips: Flip[] = []
  let startedAt = 0
  for (const { fact, at } of entries) {
    if (fact.kind === 'step-started' || fact.kind === 'undo-started') startedAt = Date.parse(at)
    if (fact.kind !== 'step-succeeded' && fact.kind !== 'undo-finished') continue
    for (const effect of fact.effects) {
      if (effect.effect !== 'live' || effect.sha === null || effect.color === null) continue
      flips.push({ to: { sha: effect.sha, color: effect.color }, startedAt, acknowledgedAt: Date.parse(at) })
    }
  }
  return flips
}
