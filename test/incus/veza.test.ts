import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { requireHaproxy } from '../edge/world.ts'
import { load, spoil, type Veza, veza } from './veza-world.ts'

const LIMIT = { timeout: 240_000 }
const [R1, R2, BAD] = ['1', '2', 'b'].map((digit) => digit.repeat(40)) as [string, string, string]

let world: Veza
beforeAll(async () => {
  requireHaproxy()
  world = await veza()
  await world.publish(R1)
  await world.publish(R2)
  // Well in place, bad behind the edge: only requests that HAProxy forwards carry this.
  await world.publish(BAD, (app) => {
    spoil(
      join(app, 'backend/www/cgi-bin/orders'),
      'set -eu',
      'set -eu\n[ -z "${HTTP_X_FORWARDED_FOR:-}" ] || REQUEST_METHOD=BROKEN && [ "$REQUEST_METHOD" != BROKEN ] || { printf "Status: 500 Oops\\r\\n\\r\\n"; exit 0; }',
    )
  })
}, 240_000)
afterAll(() => world?.close(), 120_000)

const served = async () =>
  JSON.parse(
    (await fetch(`${world.url}/api/v1/health`)).body === null
      ? '{}'
      : await (await fetch(`${world.url}/api/v1/health`)).text(),
  ) as { sha: string }

describe('the runbook’s own set-up, on a real Incus, under load', () => {
  it('deploys, migrates and flips, with no request failed', LIMIT, async () => {
    await world.must('deploy', R1, '--yes')
    expect((await served()).sha).toBe(R1)
    const traffic = load(world.url, { orders: true })
    await world.must('deploy', R2, '--yes')
    const answers = await traffic.stop()
    expect(answers.filter(({ status }) => status !== 200)).toEqual([])
    expect(new Set(answers.map(({ release }) => release))).toEqual(new Set([R1, R2]))
    expect(answers.length).toBeGreaterThan(100)
    const known = (await world.sql('SELECT id FROM orders')).split('\n').filter(Boolean).map(Number)
    expect(traffic.orders.filter((id) => !known.includes(id))).toEqual([])
  })

  it('takes traffic back from a release that is bad behind the edge: exit 5', LIMIT, async () => {
    const traffic = load(world.url, { orders: true })
    const { exitCode, err } = await world.backflip('deploy', BAD, '--yes')
    const answers = await traffic.stop()
    expect({ exitCode, err }).toMatchObject({ exitCode: 5 })
    expect(answers.filter(({ status, release }) => status !== 200 && release !== BAD)).toEqual([])
    expect((await served()).sha).toBe(R2)
  })

  it('goes back fast and in full, and cleans up, with no request failed', LIMIT, async () => {
    const traffic = load(world.url, { orders: true })
    await world.must('rollback', R1, '--mode', 'full', '--reason', 'checkout', '--yes')
    await world.must('unfreeze', '--reason', 'fixed')
    await world.must('deploy', R2, '--again', '--reason', 'fixed', '--yes')
    await world.must('rollback', '--mode', 'fast', '--reason', 'again', '--yes')
    await world.must('cleanup', '--force', '--reason', 'room', '--yes')
    const answers = await traffic.stop()
    expect(answers.filter(({ status }) => status !== 200)).toEqual([])
    expect((await served()).sha).toBe(R1)
    const { out } = await world.must('status')
    expect(out).toMatch(/live +111111111111/)
    expect(out).toMatch(/data +veza-staging-postgres running/)
  })
})
