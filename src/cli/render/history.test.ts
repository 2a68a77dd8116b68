import { describe, expect, it } from 'vitest'
import { operationId, r } from '../../../test/fakes/history.ts'
import { People } from '../../../test/fakes/people.ts'
import { deploy, prepareDeploy } from '../../operations/deploy.ts'
import type { Environment } from '../../operations/environment.ts'
import { history, operationDetail } from '../../operations/history.ts'
import { renderEntries, renderHistory } from './history.ts'

const plain = (_kind: string, text: string) => text

const deployed = (n: number) => async (environment: Environment) =>
  deploy(environment, await prepareDeploy(environment, { sha: r(n), again: false, reason: null }))

describe('the history of a release that was reverted', () => {
  it('says for how long users saw it, in its line and among its entries; one that went well says nothing of it', async () => {
    const people = new People().publish([1, 'good'], [2, 'bad-under-load'])
    people.world.requestsPerSecond = 200
    await people.type('ann', deployed(1))
    const { outcome, seenMs } = await people.type('ann', deployed(2))
    expect({ outcome, seenMs }).toEqual({ outcome: 'reverted', seenMs: 100 })

    const [second, first] = renderHistory(await history(people.journal, { limit: 10 }), plain)
    expect(second).toContain(' reverted, users saw it for 100 ms  ')
    expect(first).not.toContain('users saw')
    const { entries } = await operationDetail(people.journal, operationId(2))
    expect(renderEntries(entries).at(-1)).toMatch(/operation-finished +reverted, users saw it for 100 ms$/)
  })
})
