import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { deploy, prepareDeploy } from '../../src/operations/deploy.ts'
import type { Environment } from '../../src/operations/environment.ts'
import { planMigration } from '../../src/operations/migrations/plan-migration.ts'
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

/** The first block in the guide that begins so, without its fences. */
function block(fence: string, begin: string): string {
  const text = readFileSync(GUIDE, 'utf8')
  return new RegExp(`\`\`\`${fence}\\n(${begin}[\\s\\S]*?)\`\`\``).exec(text)?.[1]?.trim() ?? ''
}

describe('the guide’s plan', () => {
  const folder = mkdtempSync(join(tmpdir(), 'backflip-guide-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  it('is written as it is shown, and its deploys pass the gate, the contract when the window has moved on', async () => {
    const [, change = '', history = '', value = '', out = ''] =
      /plan "(.*?)" --history (\S+) --value "(.*?)" --out (\S+)/.exec(block('sh', 'backflip migrations plan')) ?? []
    mkdirSync(join(folder, history), { recursive: true })
    for (const [name, text] of Object.entries(USERS)) writeFileSync(join(folder, history, name), text)
    const server = { major: 18, timeZone: 'UTC' }
    const planned = await planMigration({
      cwd: folder,
      change,
      history,
      out,
      value,
      layout: null,
      server,
      today: '2026-11-25',
    })
    const files = planned.files.filter((one) => one.endsWith('.sql') && !one.endsWith('.down.sql'))
    expect(files).toEqual(block('', 'deploy-1-expand').split('\n'))

    const textsIn = (stage: string) =>
      Object.fromEntries(
        files
          .filter((one) => one.startsWith(stage))
          .map((one) => [one.slice(one.indexOf('/') + 1), readFileSync(join(folder, out, one), 'utf8')]),
      )
    const people = new People()
    const expanded = { ...USERS, ...textsIn('deploy-1') }
    const contracted = { ...expanded, ...textsIn('deploy-2') }
    publish(people, 1, USERS)
    for (const n of [2, 3, 4]) publish(people, n, expanded)
    for (const n of [5, 6]) publish(people, n, contracted)
    for (const n of [1, 2, 3]) expect(await people.type('ann', deployed(n))).toMatchObject({ outcome: 'done' })
    await expect(people.type('ann', deployed(5))).rejects.toMatchObject({ code: 'breaks-releases' })
    for (const n of [4, 6]) expect(await people.type('ann', deployed(n))).toMatchObject({ outcome: 'done' })
  })
})
