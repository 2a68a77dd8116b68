import type { Sha } from '../../../src/domain/ids.ts'
import type { Operator } from '../../fakes/operator.ts'
import type { Coverage } from './coverage.ts'
import { SIMULATED } from './simulated-steps.ts'
import type { Stage } from './stage.ts'

export interface Story {
  readonly stage: Stage
  readonly coverage: Coverage
  readonly shas: readonly Sha[]
  readonly zombies: Operator[]
}

export const MANY_POINTS = 150
export const IDS = SIMULATED.map(({ id }) => id)
