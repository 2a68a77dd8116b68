import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Config, MigrationFilesConfig } from '../../src/config/types.ts'
import { artifactCache } from '../../src/drivers/directory/cache.ts'
import { directoryRegistry } from '../../src/drivers/directory/registry.ts'
import { folderUsageStore } from '../../src/drivers/local/usage-store.ts'
import { manifestBytes, parseManifest } from '../../src/lib/manifest.ts'
import { collectMigrations } from '../../src/operations/migrations/collect-migrations.ts'
import { publishRelease } from '../../src/operations/publish.ts'
import { SETTINGS } from '../fakes/environment.ts'
import { APP, manifest, r } from '../fakes/history.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bf-published-'))
  mkdirSync(join(folder, 'migrations'))
  mkdirSync(join(folder, 'app'))
  writeFileSync(join(folder, 'app', 'server.js'), '')
  write('0001_a.up.sql', 'CREATE TABLE a ()')
  write('0001_a.down.sql', 'DROP TABLE a')
  write('README.md', 'not a migration')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const write = (name: string, text: string) => writeFileSync(join(folder, 'migrations', name), text)
const files = (changes: Partial<MigrationFilesConfig> = {}): MigrationFilesConfig => ({
  folder: join(folder, 'migrations'),
  layout: null,
  transaction: null,
  postgres: 18,
  timeZone: 'UTC',
  ...changes,
})
const registry = () => directoryRegistry({ config: { driver: 'directory', path: join(folder, 'registry') }, app: APP })
const cache = () => artifactCache({ folder: join(folder, 'cache'), app: APP })

function config(): Config {
  const [component] = manifest(r(1), ['web']).components
  if (component === undefined) throw new Error('a component is there')
  const { artifact: _artifact, ...web } = component
  const migrate = { component: web.name, command: ['migrate'], check: null, timeoutMs: 1000, lockTimeoutMs: 1000 }
  return {
    file: join(folder, 'backflip.yaml'),
    app: APP,
    components: [web],
    migrate: { ...migrate, shadow: null, files: files() },
    environments: [SETTINGS],
  }
}

const publish = () =>
  publishRelease({
    config: config(),
    registry: registry(),
    sha: r(1),
    sources: [{ component: 'web', path: join(folder, 'app') }],
    builtBy: 'test',
    now: '2026-01-01T00:00:00.000Z',
    workFolder: folder,
  })

describe('a release with migrations', () => {
  it('gives back their texts and inverses, and nothing else of their folder', async () => {
    const { manifest: published } = await publish()
    expect(published.migrations).toMatchObject([{ name: '0001_a', path: '0001_a.up.sql' }])
    const texts = await cache().migrationTexts({ manifest: published, from: registry() })
    const shown = Object.fromEntries([...(texts ?? [])].map(([path, bytes]) => [path, Buffer.from(bytes).toString()]))
    expect(shown).toEqual({ '0001_a.up.sql': 'CREATE TABLE a ()', '0001_a.down.sql': 'DROP TABLE a' })
    expect(readdirSync(join(folder, 'cache', 'reading'))).toEqual([])
  })

  it('is another release when a migration is: the manifest’s digest covers them', async () => {
    const first = await publish()
    expect(await publish()).toEqual(first)
    write('0001_a.up.sql', 'CREATE TABLE b ()')
    await expect(publish()).rejects.toMatchObject({ code: 'release-exists' })
  })

  it('its texts are fetched with it, survive the registry, and go with it', async () => {
    const { manifest: published } = await publish()
    await cache().fetch({ sha: r(1), from: registry(), pinned: null })
    await registry().remove(r(1))
    expect(readdirSync(join(folder, 'registry', 'hello-migrations'))).toEqual([])
    expect((await cache().migrationTexts({ manifest: published, from: registry() }))?.size).toBe(2)
    await cache().prune([])
    expect(readdirSync(join(folder, 'cache', 'sha256'))).toEqual([])
  })

  it('texts that were lost on this host close no way back, and a look at every byte finds it', async () => {
    const { manifest: published } = await publish()
    await cache().fetch({ sha: r(1), from: registry(), pinned: null })
    const blob = join(folder, 'cache', 'sha256', published.migrationFiles?.artifact.sha256 ?? '')
    rmSync(blob)
    expect(await cache().find(r(1))).not.toBeNull()
    expect(await cache().find(r(1), { verify: true })).toBeNull()
  })

  it('an archive that was cut is not believed', async () => {
    const { manifest: published } = await publish()
    truncateSync(join(folder, 'registry', 'hello-migrations', r(1), `hello-migrations-${r(1)}.tar.zst`), 10)
    await expect(cache().migrationTexts({ manifest: published, from: registry() })).rejects.toMatchObject({
      code: 'artifact-mismatch',
    })
  })
})

describe('the manifest', () => {
  it('of a release from before is read as it was, and is not taken for one without migrations', () => {
    const old = parseManifest(manifestBytes(manifest(r(1))))
    expect(old).toMatchObject({ migrations: [] })
    expect(old.migrationFiles).toBeUndefined()
  })

  it.each(['../x.sql', '/x.sql', 'a//b.sql', 'a/../../b.sql'])('a migration at %s is refused', async (path) => {
    const { manifest: published } = await publish()
    const [one] = published.migrations
    const lying = { ...published, migrations: [{ name: one?.name ?? '', sha256: one?.sha256 ?? '', path }] }
    expect(() => parseManifest(manifestBytes(lying))).toThrow(/leaves its archive/)
  })
})

describe('collecting migrations', () => {
  const collect = (changes: Partial<MigrationFilesConfig> = {}) =>
    collectMigrations(files(changes), join(folder, 'stage'))

  it('refuses a layout that nobody knows, and a folder that is not there', async () => {
    await expect(collect({ layout: 'rails' })).rejects.toMatchObject({ code: 'unknown-layout', kind: 'usage' })
    await expect(collect({ folder: join(folder, 'nowhere') })).rejects.toMatchObject({ code: 'no-migrations' })
  })

  it('refuses one that is too large before it is read', async () => {
    write('0002_b.up.sql', '')
    truncateSync(join(folder, 'migrations', '0002_b.up.sql'), 5_000_000)
    await expect(collect()).rejects.toMatchObject({ code: 'migrations-too-large' })
  })

  it('takes what a link points to, as text', async () => {
    symlinkSync('0001_a.up.sql', join(folder, 'migrations', '0002_b.up.sql'))
    const { migrations } = await collect()
    expect(migrations.map(({ sha256 }) => sha256)).toEqual([migrations[0]?.sha256, migrations[0]?.sha256])
  })
})

describe('the usage that is kept with a release', () => {
  const usage = {
    version: 1,
    sha: r(1),
    source: 'log',
    collectedAt: '2026-01-01T00:00:00Z',
    uses: ['public.a.b'],
    statements: [],
    leftOut: 0,
  }
  const read = async (value: unknown) => {
    writeFileSync(join(folder, `${r(1)}.json`), typeof value === 'string' ? value : JSON.stringify(value))
    return folderUsageStore(folder).read(r(1))
  }

  it('is read as it was written, and is null when nobody collected it', async () => {
    expect(await read(usage)).toEqual(usage)
    expect(await folderUsageStore(folder).read(r(2))).toBeNull()
  })

  it('is written for its owner alone: recorded parameters are data', async () => {
    const store = folderUsageStore(join(folder, 'usage'))
    const statements = [{ text: 'SELECT $1', calls: 2, parameterTypes: [25], samples: [['x'], [null]] }]
    await store.write({ ...usage, version: 1, statements })
    expect(await store.read(r(1))).toEqual({ ...usage, statements })
    expect(statSync(join(folder, 'usage', `${r(1)}.json`)).mode & 0o077).toBe(0)
  })

  it.each([
    'no JSON',
    null,
    { ...usage, version: 2 },
    { ...usage, sha: r(2) },
    { ...usage, source: undefined },
    { ...usage, uses: [1] },
    { ...usage, uses: 'public.a' },
    { ...usage, statements: [{ text: 1 }] },
    { ...usage, statements: [{ text: 'SELECT 1', calls: 1, parameterTypes: ['x'], samples: [] }] },
    { ...usage, leftOut: 'some' },
  ])('%j is not taken for "uses nothing"', async (value) => {
    await expect(read(value)).rejects.toMatchObject({ code: 'bad-usage' })
  })
})
