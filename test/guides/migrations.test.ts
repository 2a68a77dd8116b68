import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { deploy, prepareDeploy } from '../../src/operations/deploy.ts'
import type { Environment } from '../../src/operations/environment.ts'
import { r } from '../fakes/history.ts'
import { People } from '../fakes/people.ts'
import { fakeRelease, withMigrations } from '../fakes/releases.ts'

const GUIDE = new URL('../../docs/guides/migrations.md', import.meta.url)
const USERS = { '0001_users.sql': 'CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL)' }

interface Block {
  /** `deploy 2`, or `refused`. */
  readonly when: string
  readonly file: string
  readonly sql: string
}

/** Every block of SQL in the guide, with what its first line says of it. */
function blocks(): readonly Block[] {
  const text = readFileSync(GUIDE, 'utf8')
  return [...text.matchAll(/```sql\n-- (refused|deploy \d): (\S+)\n([\s\S]*?)```/g)].map(
    ([, when = '', file = '', sql = '']) => ({ when, file, sql }),
  )
}

const textsOf = (some: readonly Block[]) => Object.fromEntries(some.map(({ file, sql }) => [file, sql]))

const deployed = (n: number) => async (environment: Environment) =>
  deploy(environment, await prepareDeploy(environment, { sha: r(n), again: false, reason: null }))

function publish(people: People, n: number, texts: { readonly [path: string]: string }): void {
  people.world.releases.set(r(n), withMigrations(fakeRelease(r(n), 'good', 'succeeds'), texts))
}

it('the guide’s example: three deploys pass the gate, one does not, and the contract waits for the window', async () => {
  const all = blocks()
  expect(all.map(({ when }) => when)).toEqual(['refused', 'deploy 2', 'deploy 3', 'deploy 5', 'deploy 5'])
  const upTo = (deploys: readonly string[]) => ({
    ...USERS,
    ...textsOf(all.filter(({ when }) => deploys.includes(when))),
  })
  const people = new People()
  const first = ['deploy 2', 'deploy 3']
  publish(people, 1, USERS)
  publish(people, 2, upTo(first.slice(0, 1)))
  publish(people, 3, upTo(first))
  publish(people, 4, upTo(first))
  publish(people, 5, upTo([...first, 'deploy 5']))
  publish(people, 9, upTo(['refused']))

  expect(await people.type('ann', deployed(1))).toMatchObject({ outcome: 'done' })
  await expect(people.type('ann', deployed(9))).rejects.toMatchObject({ code: 'breaks-releases' })
  for (const n of [2, 3]) expect(await people.type('ann', deployed(n))).toMatchObject({ outcome: 'done' })
  await expect(people.type('ann', deployed(5))).rejects.toMatchObject({
    code: 'breaks-releases',
    message: expect.stringMatching(/: 111111111111$/),
  })
  for (const n of [4, 5]) expect(await people.type('ann', deployed(n))).toMatchObject({ outcome: 'done' })
})

it('the guide’s contract, without its declaration, is refused for every release', async () => {
  const people = new People()
  const all = blocks().filter(({ when }) => when !== 'refused')
  const bare = all.map((one) => ({ ...one, sql: one.sql.replaceAll(/^-- backflip:contract.*$/gm, '') }))
  publish(people, 1, { ...USERS, ...textsOf(all.filter(({ when }) => when !== 'deploy 5')) })
  publish(people, 2, { ...USERS, ...textsOf(bare) })
  await people.type('ann', deployed(1))
  await expect(people.type('ann', deployed(2))).rejects.toMatchObject({ code: 'breaks-releases' })
})
