import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { R1, R2, type RealWorld, realWorld } from '../crash/real/world.ts'
import { requireHaproxy } from '../edge/world.ts'
import { backflip } from './command.ts'
import { type HooksFolder, hooksFolder } from './hooks-folder.ts'
import { type TwoHosts, twoHosts } from './two-hosts.ts'

const REASON = ['--reason', 'a test', '--yes'] as const
/** The cable was out and nobody answered: neither refused nor unreachable at once. */
const HUNG = /no answer within 2000 ms/

let folder: string
let hosts: TwoHosts
let hooks: HooksFolder
let world: RealWorld
const run = (...args: readonly string[]) => backflip({ folder: world.folder, under: hosts.under }, ...args)
const served = () => /[0-9a-f]{40}/.exec(hosts.ask(world.publicUrl))?.[0]

beforeAll(async () => {
  requireHaproxy()
  folder = mkdtempSync(join(tmpdir(), 'bf-cable-'))
  hooks = hooksFolder(join(folder, 'hooks'))
  hosts = twoHosts()
  world = await realWorld({
    host: hosts.inside,
    edge: (port) => `public: "http://${hosts.outside}:${port}"`,
    checkLimit: '3s',
    environment: [`hooks: ${hooks.path}`],
  })
  await hosts.forward(Number(new URL(world.publicUrl).port))
  for (const sha of [R1, R2]) run('deploy', sha, '--yes')
})
beforeEach(() => {
  hosts.plug()
  hooks.clear()
})
afterAll(async () => {
  await world.close()
  const left = await hosts.close()
  rmSync(folder, { recursive: true, force: true })
  if (left > 0) throw new Error(`${left} processes were left in the network namespaces`)
})

function assertSettled(): void {
  const report = JSON.parse(run('status', '--json').out) as object
  expect(report).toMatchObject({ record: { open: null, lease: null }, drift: [] })
}

describe('the public address cannot be reached: connections hang', () => {
  it('I1: before the switch the deploy stops, exit 1, traffic untouched', () => {
    hooks.set('pre-check', hosts.takeOut)
    const { exitCode, err } = run('deploy', R1, '--again', ...REASON)
    expect(err).toMatch(HUNG)
    expect(exitCode).toBe(1)
    expect(served()).toBe(R2)
    assertSettled()
  })

  it('I1: after the switch traffic goes back, exit 5: nobody may call unseen what the probe cannot see', () => {
    hooks.set('pre-verify', hosts.takeOut)
    const { exitCode, err } = run('deploy', R1, '--again', ...REASON)
    expect(err).toMatch(HUNG)
    expect(exitCode).toBe(5)
    expect(served()).toBe(R2)
    assertSettled()
  })

  it('a cable that is back before the limit: the deploy is finished, exit 0', () => {
    const witness = join(folder, 'tried')
    const tried = `until ss -Htn state syn-sent | grep -F '${hosts.outside}' > '${witness}'; do sleep 0.02; done`
    hooks.set('pre-check', `${hosts.takeOut}; (${tried}; ${hosts.putIn}) > /dev/null 2>&1 < /dev/null &`)
    expect(run('deploy', R1, '--again', ...REASON)).toMatchObject({ exitCode: 0 })
    // Somebody wanted to get there while it was out.
    expect(readFileSync(witness, 'utf8')).toContain(hosts.outside)
    expect(served()).toBe(R1)
    assertSettled()
  })

  it('after the switch of a rollback nothing flips by itself: exit 6, both sides’ facts', () => {
    hooks.set('pre-verify', hosts.takeOut)
    const { exitCode, err } = run('rollback', '--mode', 'fast', ...REASON)
    expect(err).toMatch(HUNG)
    expect(exitCode).toBe(6)
    expect(served()).toBe(R2)
    assertSettled()
  })
})
