import { describe, expect, it } from 'vitest'
import { BackflipError } from '../../domain/errors.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Transport } from '../../ports/transport.ts'
import type { Host } from './host.ts'
import { tell } from './tell.ts'

const WANTED = 'green::0:7'
const control = (pid: number, state: string, status = '200 OK') =>
  `HTTP/1.1 ${status}\r\n\r\npid=${pid}\nstate=${state}\n`
const master = (worker: number | null, old: readonly number[] = []) => {
  const row = (pid: number) => `${pid}  worker  0\n`
  return `1  master  0 [failed: 0]\n# workers\n${worker === null ? '' : row(worker)}# old workers\n${old.map(row).join('')}`
}
const gone = new BackflipError('gone', { code: 'socket-failed', kind: 'failed' })

/** A host whose two sockets answer by script: one control answer and one of the master a try; the last ones for ever. */
function scripted(tries: readonly (readonly [string | Error, string | Error])[]): { host: Host; asked: string[] } {
  const asked: string[] = []
  let nowMs = 0
  const clock: Pick<Clock, 'monotonicMs' | 'sleep'> = {
    monotonicMs: () => nowMs,
    sleep: async (ms) => {
      nowMs += ms
    },
  }
  const askSocket: Transport['askSocket'] = async (path) => {
    asked.push(path)
    const nth = asked.filter((one) => one === path).length - 1
    const answer = tries[Math.min(nth, tries.length - 1)]?.[path === 'control' ? 0 : 1]
    if (typeof answer === 'string') return answer
    throw answer
  }
  const layout = { key: 'shop-prod', controlSocket: 'control', masterSocket: 'master' }
  return { host: { transport: { askSocket }, layout, clock } as unknown as Host, asked }
}

const flip = (host: Host) =>
  tell(host, 7, { path: '/flip', headers: {} }, ({ state }) => state?.live === 'green' && state.generation === 7)

describe('telling the worker that is current', () => {
  it('asks the master after the worker, and is done when both name the same one', async () => {
    const { host, asked } = scripted([[control(10, WANTED), master(10)]])
    expect(await flip(host)).toMatchObject({ tries: 1, answer: { worker: 10 } })
    expect(asked).toEqual(['control', 'master'])
  })

  it('I4: a worker that took it and is no longer current is no success: the next one is told', async () => {
    const { host } = scripted([
      [control(10, WANTED), master(11, [10])],
      [control(10, WANTED), master(null, [10])],
      [control(11, WANTED), master(11, [10])],
    ])
    expect(await flip(host)).toMatchObject({ tries: 3, answer: { worker: 11 }, oldWorkers: [10] })
  })

  it('a refusal by a worker that leaves counts for nothing; by the current one it counts', async () => {
    const refusal = control(10, 'blue::0:7', '412 Precondition Failed')
    const { host } = scripted([
      [refusal, master(11, [10])],
      [control(11, WANTED), master(11)],
    ])
    expect(await flip(host)).toMatchObject({ tries: 2 })
    await expect(flip(scripted([[refusal, master(10)]]).host)).rejects.toMatchObject({ code: 'no-server' })
    const late = control(10, 'blue::0:8', '409 Conflict')
    await expect(flip(scripted([[late, master(10)]]).host)).rejects.toMatchObject({ code: 'fenced', kind: 'held' })
  })

  it('sockets that fail mean "again", and after the bound "unknown"', async () => {
    const { host } = scripted([
      [gone, master(10)],
      [control(10, WANTED), gone],
      [control(10, WANTED), master(10)],
    ])
    expect(await flip(host)).toMatchObject({ answer: { worker: 10 } })
    const never = scripted([[gone, gone]])
    await expect(flip(never.host)).rejects.toMatchObject({ code: 'edge-unknown', kind: 'person' })
    expect(never.asked.length).toBeGreaterThan(100)
  })

  it('a worker that says done and does something else is told again, and in the end nobody claims anything', async () => {
    await expect(flip(scripted([[control(10, 'blue::0:7'), master(10)]]).host)).rejects.toMatchObject({
      code: 'edge-unknown',
    })
  })
})
