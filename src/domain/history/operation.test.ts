import { describe, expect, test } from 'vitest'
import { ToyOperation, toyStep } from '../../../test/fakes/toy-operation.ts'
import type { Fact } from '../journal.ts'
import { foldOperation, type OperationState, passedPivot, stepState, stuckAt } from './operation.ts'

const { plan } = new ToyOperation([[toyStep('a')], [toyStep('flip'), 'switch', true]])
const error = { code: 'bad', kind: 'failed', message: 'bad' } as const
const at = '2026-01-01T00:00:00.000Z'

const FACTS = {
  started: { kind: 'step-started', step: 'flip', attempt: 1 },
  succeeded: { kind: 'step-succeeded', step: 'flip', output: null, effects: [], tookMs: 1, found: false },
  failed: { kind: 'step-failed', step: 'flip', error, remains: 'unknown', tookMs: 1 },
  undoing: { kind: 'undo-started', step: 'flip' },
  undone: { kind: 'undo-finished', step: 'flip', effects: [], kept: null, tookMs: 1 },
  'undo-failed': { kind: 'undo-failed', step: 'flip', error, manual: ['by hand'] },
} as const satisfies { readonly [state: string]: Fact }

type Name = keyof typeof FACTS

/** How a step gets to where it is, legally. */
const WAYS: { readonly [state in Name | 'waiting']: readonly Name[] } = {
  waiting: [],
  started: ['started'],
  succeeded: ['started', 'succeeded'],
  failed: ['started', 'failed'],
  undoing: ['started', 'succeeded', 'undoing'],
  undone: ['started', 'succeeded', 'undoing', 'undone'],
  'undo-failed': ['started', 'succeeded', 'undoing', 'undo-failed'],
}

/** What may follow. Everything else is refused: when it is recorded, and when it is read. */
const MAY_FOLLOW: { readonly [state in Name | 'waiting']: readonly Name[] } = {
  waiting: ['started'],
  started: ['started', 'succeeded', 'failed', 'undoing', 'undone'],
  succeeded: ['undoing', 'undone'],
  failed: ['started', 'succeeded', 'undoing', 'undone'],
  undoing: ['undoing', 'undone', 'undo-failed'],
  undone: [],
  'undo-failed': ['undoing', 'undone'],
}

function fold(names: readonly Name[], fact?: Fact): OperationState {
  const facts: Fact[] = [{ kind: 'operation-started', plan }, ...names.map((name) => FACTS[name])]
  if (fact !== undefined) facts.push(fact)
  const state = facts.reduce<OperationState | null>(
    (before, one) => foldOperation(before, { fact: one, at, actor: 'ann' }),
    null,
  )
  if (state === null) throw new Error('it never began')
  return state
}

describe.each(Object.keys(WAYS) as (keyof typeof WAYS)[])('a step that is %s', (state) => {
  test('got there', () => {
    expect(stepState(fold(WAYS[state]), 'flip').is).toBe(state)
  })

  test.each(Object.keys(FACTS) as Name[])('then %s', (next) => {
    const reached = outcomeOf(() => stepState(fold([...WAYS[state], next]), 'flip').is)
    expect(reached).toMatch(MAY_FOLLOW[state].includes(next) ? next : /that cannot follow/)
  })
})

test('a pivot is passed as soon as its effect may be there', () => {
  expect(passedPivot(fold([]))).toBeNull()
  expect(passedPivot(fold(['started']))).toBe('flip')
  expect(passedPivot(fold(['started', 'succeeded']))).toBe('flip')
  expect(passedPivot(fold(['started', 'failed']))).toBe('flip')
  expect(passedPivot(fold(['started'], { ...FACTS.failed, remains: 'nothing' }))).toBeNull()
})

test('stuck: which undo failed, and what a person types', () => {
  expect(stuckAt(fold(WAYS['undo-failed']))).toEqual({ step: 'flip', error, manual: ['by hand'] })
  expect(stuckAt(fold([...WAYS['undo-failed'], 'undone']))).toBeNull()
})

test('entries before an operation begins are not its own', () => {
  expect(foldOperation(null, { fact: FACTS.started, at, actor: 'ann' })).toBeNull()
})

/** What it comes to: a state, or the words of the refusal. */
function outcomeOf(work: () => string): string {
  try {
    return work()
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
