import type { Fact } from '../../../src/domain/journal.ts'
import type { Point } from '../../fakes/operator.ts'
import { SIMULATED } from './simulated-steps.ts'

export type Direction = 'forward' | 'undo'
/** Before the effect; between the effect, or a part of it, and its entry; after its entry. */
export type Place = 'before' | 'between' | 'after'

export interface CrashPoint {
  readonly step: string
  readonly direction: Direction
  readonly place: Place
}

export const MAX_DEPTH = 3

/** Every place at which an operation may die, but for its depth. A step with nothing to undo has only the entry that says so. */
export const CRASH_POINTS: readonly CrashPoint[] = SIMULATED.flatMap(({ id: step, undo }) => {
  const point = (direction: Direction, place: Place): CrashPoint => ({ step, direction, place })
  return [
    point('forward', 'before'),
    point('forward', 'between'),
    point('forward', 'after'),
    point('undo', 'before'),
    ...(undo === 'none' ? [] : [point('undo', 'between')]),
    point('undo', 'after'),
  ]
})

export function nameOf({ step, direction, place }: CrashPoint, depth: number): string {
  return `${step} ${direction} ${place} ${depth}`
}

/** In which step a process is, as its entries tell. */
export interface Within {
  readonly step: string
  readonly direction: Direction
}

/** Where a process stands by what it appends: null when the fact begins nothing. */
export function enters(fact: Fact): Within | null {
  if (fact.kind === 'step-started') return { step: fact.step, direction: 'forward' }
  if (fact.kind === 'undo-started') return { step: fact.step, direction: 'undo' }
  return null
}

/** The crash points that a point is. */
export function crashPointsAt(point: Point, within: Within | null): readonly CrashPoint[] {
  if (point.at !== 'append') return within === null ? [] : [{ ...within, place: 'between' }]
  return (point.drafts ?? []).flatMap(({ fact }) => {
    const found = ofFact(fact, point.side)
    return found === null ? [] : [found]
  })
}

function ofFact(fact: Fact, side: Point['side']): CrashPoint | null {
  switch (fact.kind) {
    case 'step-started':
      return { step: fact.step, direction: 'forward', place: 'before' }
    case 'undo-started':
      return { step: fact.step, direction: 'undo', place: 'before' }
    case 'step-succeeded':
    case 'step-failed':
      return { step: fact.step, direction: 'forward', place: side === 'before' ? 'between' : 'after' }
    case 'undo-finished':
    case 'undo-failed':
      return { step: fact.step, direction: 'undo', place: side === 'before' ? beforeTheEnd(fact) : 'after' }
    default:
      return null
  }
}

function beforeTheEnd(fact: Extract<Fact, { kind: 'undo-finished' | 'undo-failed' }>): Place {
  const skipped = fact.kind === 'undo-finished' && fact.kept !== null
  return skipped ? 'before' : 'between'
}
