import type { Color } from '../color.ts'
import { refusal } from '../errors.ts'
import { short } from '../ids.ts'
import { planHead, type UnhashedPlan } from './deploy.ts'
import type { PlanFacts } from './facts.ts'
import { agreedLive, standbyColor } from './guards.ts'
import { consumedWayBack } from './way-back.ts'

export interface CleanupAsk {
  /** Default: the standby color. */
  readonly color: Color | null
  /** Also when it is the last fast way back to a good release; needs a reason. */
  readonly force: boolean
}

/** Stops a color and takes away what it runs from. Never the live one; its logs stay. */
export function planCleanup(facts: PlanFacts, ask: CleanupAsk): UnhashedPlan {
  const live = agreedLive(facts)
  const color = ask.color ?? standbyColor(live)
  if (live?.color === color) {
    throw refusal(`${color} is live and serves ${short(live.sha)}: it is never cleaned up`, {
      code: 'color-is-live',
      hint: 'backflip status',
    })
  }
  const held = facts.record.colors[color]
  const consumes = consumedWayBack(facts.record, color)
  if (consumes !== null && !(ask.force && facts.reason !== null)) {
    throw refusal(`${color} is ${consumes}`, {
      code: 'last-way-back',
      details: ['a full rollback would still work, and take longer'],
      hint: `backflip cleanup --color ${color} --force --reason TEXT`,
    })
  }
  return {
    ...planHead(facts, 'cleanup', null),
    target: null,
    from: live,
    consumes,
    because: [
      held.sha === null
        ? `${color} is empty by the journal; what is left of it is removed`
        : `${color} holds ${short(held.sha)}`,
    ],
    steps: [
      {
        id: 'empty-color',
        phase: 'launch',
        title: `Stop ${color} and remove it; its logs stay`,
        params: { color },
        pivot: true,
      },
    ],
  }
}
