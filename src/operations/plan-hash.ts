import { BackflipError } from '../domain/errors.ts'
import type { Json } from '../domain/json.ts'
import type { UnhashedPlan } from '../domain/plan/deploy.ts'
import { PLAN_VERSION, type Plan } from '../domain/plan/plan.ts'
import { canonicalJson } from '../lib/canonical-json.ts'
import { sha256Hex } from '../lib/sha256.ts'

/** Puts the hash on a plan: what is shown and approved under it is what runs. */
export function sealPlan(plan: UnhashedPlan): Plan {
  return { ...plan, hash: sha256Hex(canonicalJson(plan as unknown as Json)) }
}

/** Error `plan-changed` when the plan is not the one its hash names; `plan-too-new` when this version does not know its shape. */
export function assertSealed(plan: Plan): void {
  // By its type it cannot differ; what was read from a journal can.
  const version: number = plan.version
  if (version !== PLAN_VERSION) {
    throw new BackflipError(`the plan is of version ${version}, and this backflip knows ${PLAN_VERSION}`, {
      code: 'plan-too-new',
      kind: 'refused',
      hint: 'with the version of backflip that made it: backflip resume',
    })
  }
  const { hash, ...rest } = plan
  if (sealPlan(rest).hash === hash) return
  throw new BackflipError('the plan is not the one that its hash names: it was changed after it was made', {
    code: 'plan-changed',
    kind: 'refused',
    hint: 'plan again: the same command',
  })
}
