import type { Json } from '../json.ts'
import type { Phase } from '../phase.ts'
import type { PlannedStep } from './plan.ts'

/** Parameters are JSON by their types in `params.ts`, whose interfaces TypeScript does not take for it. */
export function step<P extends object>(id: string, phase: Phase, title: string, params: P, pivot?: true): PlannedStep {
  return { id, phase, title, params: params as unknown as Json, ...(pivot === undefined ? {} : { pivot }) }
}
