import { describe, expect, it } from 'vitest'
import { r } from '../../test/fakes/history.ts'
import { People } from '../../test/fakes/people.ts'
import { type Sha, short } from '../domain/ids.ts'
import { deploy, prepareDeploy } from './deploy.ts'
import type { Environment } from './environment.ts'
import { pruneReleases, releases } from './releases.ts'

const deployed = (n: number) => async (environment: Environment) =>
  deploy(environment, await prepareDeploy(environment, { sha: r(n), again: false, reason: null }))

/** Published in this order, the oldest first; 1 and 2 were deployed. */
async function served(): Promise<People> {
  const people = new People().publish([1, 'good'], [8, 'good'], [2, 'good'], [9, 'good'])
  for (const n of [1, 2]) await people.type('ann', deployed(n))
  return people
}

/** A registry that has lost some. */
function without(lost: readonly Sha[], { registry, ...rest }: Environment): Environment {
  const list = async (limit: number) => (await registry.list(limit)).filter(({ sha }) => !lost.includes(sha))
  return { ...rest, registry: { ...registry, list } }
}

const look = (people: People, lost: readonly Sha[] = []) =>
  people.type('ann', (environment) => releases(without(lost, environment)))

describe('a way back that is about to be lost is said', () => {
  it('nothing while registry and cache have what a way back needs; others may be missing', async () => {
    const report = await look(await served(), [r(8)])
    expect(report.warnings).toEqual([])
    expect(report.lines.find(({ sha }) => sha === r(9))).toMatchObject({ cached: false, roles: [] })
  })

  it('only this host still has it', async () => {
    const { warnings, lines } = await look(await served(), [r(1)])
    expect(warnings).toEqual([`the registry no longer has ${short(r(1))}; this host's cache does`])
    expect(lines.find(({ sha }) => sha === r(1))).toMatchObject({
      publishedAt: null,
      roles: ['standby', 'good', 'next rollback'],
    })
  })

  it('only the registry still has it', async () => {
    const people = await served()
    people.world.cached.delete(r(1))
    expect((await look(people)).warnings).toEqual([`${short(r(1))} is not in this host's cache; the registry has it`])
  })

  it('nobody has it', async () => {
    const people = await served()
    people.world.cached.delete(r(1))
    expect((await look(people, [r(1)])).warnings).toEqual([
      `${short(r(1))} is lost: neither the registry nor this host has it`,
    ])
  })
})

describe('what the next prune removes', () => {
  const retainReleases = 1
  it('is marked before it is gone, is what goes then, and is never what a way back needs', async () => {
    const people = await served()
    const { lines } = await people.type('ann', releases, { retainReleases })
    expect(lines.filter(({ expires }) => expires).map(({ sha }) => sha)).toEqual([r(8)])
    expect(await people.type('ann', pruneReleases, { retainReleases })).toEqual([r(8)])
    expect([...people.world.releases.keys()]).toEqual([r(1), r(2), r(9)])
  })
})
