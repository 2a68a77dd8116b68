import { expect, it } from 'vitest'
import { History } from '../../../test/fakes/history.ts'
import { renderHistory } from './history.ts'

it('a reverted deploy is told with how long users saw it, any other without', () => {
  const { open } = new History().deploy(1).begin('deploy', 2).record
  if (open === null) throw new Error('the deploy is not open')
  const line = (outcome: 'reverted' | 'failed', seenMs: number | null) => {
    const finished = { outcome, seenMs, error: null, at: '' }
    const one = { seq: 7, line: 'operation', startedAt: '', actor: 'ann', plan: open.plan, finished } as const
    return renderHistory([one], (_kind, text) => text).join('')
  }
  expect(line('reverted', 1_500)).toContain('reverted, users saw it for 1.5 s')
  expect(line('failed', null)).not.toContain('users saw')
})
