import { describe, expect, it } from 'vitest'
import { operationId, r } from '../../../test/fakes/history.ts'
import { StepBench } from '../../../test/fakes/step.ts'
import { parseComponentName } from '../../domain/ids.ts'
import type { CheckParams } from '../../domain/plan/params.ts'
import type { ProbeAnswer } from '../../ports/probe.ts'
import type { Instance } from '../../ports/runtime.ts'
import { checkInstances } from './check-instances.ts'

const ASK: CheckParams = {
  color: 'green',
  sha: r(2),
  consecutive: 3,
  intervalMs: 500,
  limitMs: 60_000,
  instances: ['backend', 'web'].map((component) => ({
    name: `hello-local-${component}-green`,
    component: parseComponentName(component),
    url: `http://${component}`,
    health: { path: '/', timeoutMs: 1_000, release: { json: 'sha' } },
  })),
}

const GOOD: ProbeAnswer = { good: true, status: 200, sha: r(2), problem: null, tookMs: 1 }
const BAD: ProbeAnswer = { good: false, status: null, sha: null, problem: 'connection refused', tookMs: 1 }

function instance(component: string, state: Instance['state'], exit: string | null): Instance {
  return {
    name: `hello-local-${component}-green`,
    component: parseComponentName(component),
    color: 'green',
    state,
    sha: r(2),
    operation: operationId(1),
    address: { name: '', host: '127.0.0.1', port: 1 },
    since: null,
    beganMs: null,
    exit,
  }
}

/** Both answer nothing; what is there of `web` is given. Every question is noted. */
function bench(web: readonly Instance[], answer: (url: string) => ProbeAnswer = () => BAD) {
  const asked: string[] = []
  const made = new StepBench({
    probe: {
      ask: async ({ url }) => {
        asked.push(url)
        return answer(url)
      },
    },
    runtime: {
      list: async () => [instance('backend', 'running', null), ...web],
      lastLines: async () => ['no database'],
    },
  })
  return { asked, clock: made.clock, run: () => made.run(checkInstances, ASK) }
}

describe('D: success that has become impossible fails at once, not at the time limit', () => {
  it.each([
    ['has ended', [instance('web', 'stopped', 'exit code 1')], 'hello-local-web-green is not running (exit code 1)'],
    ['is not there at all', [], 'hello-local-web-green is not running'],
  ])('an instance whose process %s', async (_how, web, message) => {
    const { run, clock } = bench(web)
    await expect(run()).rejects.toMatchObject({
      code: 'unhealthy',
      message,
      details: ['last lines of its log:', '  no database'],
    })
    expect(clock.nowMs).toBe(0)
  })

  it('and ends the checks of the others: nothing of them waits or asks any more', async () => {
    const { run, clock, asked } = bench([instance('web', 'stopped', null)])
    await expect(run()).rejects.toThrow('hello-local-web-green')
    expect(asked).toEqual(['http://backend', 'http://web'])
    expect(clock.advance(() => true)).toBe(false)
  })

  it('one that runs and is not ready yet has the whole time', async () => {
    let waiting = 10
    const { run, clock } = bench([instance('web', 'running', null)], () => (waiting-- > 0 ? BAD : GOOD))
    expect(await run()).toMatchObject({ effects: [] })
    expect(clock.nowMs).toBeGreaterThanOrEqual(5 * ASK.intervalMs)
  })
})
