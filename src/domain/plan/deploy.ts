import { migrationLines, overrideLines, refuseBreaking } from '../compatibility/gate.ts'
import type { JudgedMigrations } from '../compatibility/judged.ts'
import type { AgreedOverride } from '../compatibility/override.ts'
import { refusal } from '../errors.ts'
import { type Sha, short } from '../ids.ts'
import { checkDataSteps, snapshotBefore } from './data-steps.ts'
import type { PlanFacts, ReleaseFacts } from './facts.ts'
import { agreedLive, assumptions, refuseWhileFrozen, standbyColor } from './guards.ts'
import {
  checkSteps,
  judgeSteps,
  launchSteps,
  migrateSteps,
  prepareSteps,
  switchSteps,
  topologyWith,
  verifySteps,
} from './launch-steps.ts'
import { PLAN_VERSION, type Plan } from './plan.ts'
import { consumedWayBack } from './way-back.ts'

export type UnhashedPlan = Omit<Plan, 'hash'>

export interface DeployAsk {
  readonly target: ReleaseFacts
  /** The live release's manifest, or null before the first deploy. */
  readonly live: ReleaseFacts | null
  /** Deploy a release again that was reverted or rolled away from; needs a reason. */
  readonly again: boolean
  /** Left out when the release says nothing of its migrations. */
  readonly migrations?: JudgedMigrations | null
  /** Left out when nobody takes anything on themselves. */
  readonly override?: AgreedOverride | null
}

/** The story of a deploy, A to F, as data. Refuses while frozen, what is live already, what was reverted, and what breaks a way back. */
export function planDeploy(facts: PlanFacts, ask: DeployAsk): UnhashedPlan {
  const live = agreedLive(facts)
  refuseWhileFrozen(facts)
  refuseWhatIsLive(live, ask.target.sha)
  refuseBlocked(facts, ask)
  const { migrations = null, override = null } = ask
  if (migrations !== null) refuseBreaking(migrations, override)
  const color = standbyColor(live)
  return {
    ...planHead(facts, 'deploy', null),
    target: { color, sha: ask.target.sha },
    from: live,
    consumes: consumedWayBack(facts.record, color),
    because: [
      live === null ? 'nothing is live: the first release goes to blue' : `${color} is the standby color`,
      ...(migrations === null ? [] : migrationLines(migrations)),
      ...(override === null ? [] : overrideLines(override, live?.sha ?? null)),
    ],
    ...(override === null ? {} : { override }),
    steps: [
      ...prepareSteps(facts, ask.target),
      ...judgeSteps(migrations),
      ...checkDataSteps(facts, facts.data, facts.settings.snapshots),
      ...snapshotBefore(facts, `pre-deploy-${ask.target.sha}`, `deploy ${ask.target.sha}`),
      ...migrateSteps(facts, ask.target),
      ...launchSteps(facts, color, ask.target, topologyWith(facts, color, ask.target, ask.live)),
      ...checkSteps(facts, color, ask.target, facts.settings.check.consecutive),
      ...switchSteps(color, ask.target, false),
      ...verifySteps(facts, color, ask.target, true),
    ],
  }
}

export function planHead(
  facts: PlanFacts,
  kind: Plan['kind'],
  mode: Plan['mode'],
): Pick<Plan, 'version' | 'operation' | 'kind' | 'mode' | 'app' | 'environment' | 'reason' | 'assumes'> {
  const { operation, app, environment, reason } = facts
  return { version: PLAN_VERSION, operation, kind, mode, app, environment, reason, assumes: assumptions(facts) }
}

export function refuseWhatIsLive(live: { readonly sha: Sha } | null, sha: Sha): void {
  if (live?.sha !== sha) return
  throw refusal(`${short(sha)} is what is live: nothing to do`, { code: 'already-live', hint: 'backflip status' })
}

function refuseBlocked({ record, reason }: PlanFacts, { target, again }: DeployAsk): void {
  const blocked = record.blocked.find(({ sha }) => sha === target.sha)
  const rolledAway = record.served.findLast(({ sha }) => sha === target.sha)?.fate === 'rolled-away'
  if ((blocked === undefined && !rolledAway) || (again && reason !== null)) return
  const why = blocked === undefined ? 'was rolled away from' : `was reverted at ${blocked.at}: ${blocked.why}`
  throw refusal(`${short(target.sha)} ${why}`, {
    code: 'release-blocked',
    ...(blocked === undefined ? {} : { details: [`operation ${blocked.operation}`] }),
    hint: `backflip deploy ${target.sha} --again --reason TEXT`,
  })
}
