import { describe, expect, it } from 'vitest'
import { History, r } from '../../../test/fakes/history.ts'
import type { OperationState } from '../../domain/history/operation.ts'
import type { OperationEnd } from '../../engine/run.ts'
import { renderEnd } from './end.ts'

/** A rollback from 2 to 1 that has flipped. */
function rolledBack(): OperationState {
  const { open } = new History().deploy(1).deploy(2).begin('rollback', 1).record
  if (open === null) throw new Error('the rollback is not open')
  return open
}

function shown(change: Partial<OperationEnd>): string {
  const error = { code: 'public-probe-failed', kind: 'failed' as const, message: 'web does not answer' }
  const end: OperationEnd = { outcome: 'unsettled', error, seenMs: null, state: rolledBack(), ...change }
  return renderEnd(end, 6, 100, (_kind, text) => text).join('\n')
}

describe('how an operation ended', () => {
  it('unsettled: both sides, and commands that can work for each decision', () => {
    const finished = { at: '', outcome: 'unsettled' as const, error: null, seenMs: null, tookMs: 1 }
    const text = shown({ state: { ...rolledBack(), finished } })
    expect(text).toContain('left: 222222222222 on green   now: 111111111111 on blue')
    expect(text).toContain('traffic was switched and is not verified')
    expect(text).toContain(`→ backflip releases mark-good ${r(2)} --reason TEXT`)
    expect(text).toContain(`→ backflip rollback ${r(2)} `)
    expect(text).not.toContain('backflip resume')
  })

  it('unsettled in the middle of the switch: resume comes first, and nothing else can', () => {
    const text = shown({})
    expect(text).toContain('→ backflip resume')
    expect(text).not.toContain('backflip rollback')
  })

  it('reverted: for how long users saw it, that it is blocked, and where its logs are', () => {
    const text = shown({ outcome: 'reverted', seenMs: 1_500 })
    expect(text).toContain('users saw it for 1.5 s')
    expect(text).toContain('111111111111 is blocked now; blue is kept for a look at it')
  })

  it('failed: users saw nothing', () => {
    expect(shown({ outcome: 'failed' })).toContain('users saw nothing')
  })

  it('gone back, or taken back: how deploys are allowed again, and where the report comes from', () => {
    expect(shown({ outcome: 'done', error: null })).toMatch(/→ backflip unfreeze .*\n.*→ backflip incident /)
    expect(shown({ outcome: 'reverted', seenMs: 1 })).toContain('→ backflip incident ')
    expect(shown({}), 'what comes first is to finish the switch').not.toContain('backflip incident')
    expect(shown({ outcome: 'failed' })).not.toContain('backflip incident')
  })
})
