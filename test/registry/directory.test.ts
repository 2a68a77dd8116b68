import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { artifactCache } from '../../src/drivers/directory/cache.ts'
import { directoryRegistry } from '../../src/drivers/directory/registry.ts'
import type { ArtifactCache } from '../../src/ports/artifact-cache.ts'
import type { Registry } from '../../src/ports/registry.ts'
import { registryContract, releaseOf } from '../contract/registry.ts'
import { APP, r } from '../fakes/history.ts'

registryContract('a directory', async () => {
  const path = mkdtempSync(join(tmpdir(), 'bf-dir-'))
  return {
    registry: directoryRegistry({ config: { driver: 'directory', path }, app: APP }),
    close: async () => rmSync(path, { recursive: true, force: true }),
  }
})

describe('the artifact cache', () => {
  let folder: string
  let registry: Registry
  let cache: ArtifactCache
  const artifact = (component: string) =>
    join(folder, 'registry', `hello-${component}`, r(1), `hello-${component}-${r(1)}.tar.zst`)
  const blobs = () => readdirSync(join(folder, 'cache', 'sha256'))

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bf-cache-'))
    registry = directoryRegistry({ config: { driver: 'directory', path: join(folder, 'registry') }, app: APP })
    cache = artifactCache({ folder: join(folder, 'cache'), app: APP })
    await registry.publish(releaseOf(folder, r(1), 'one'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const fetch = (pinned: string | null = null) => cache.fetch({ sha: r(1), from: registry, pinned })

  it('the layout is the runbook’s', () => {
    expect(readFileSync(artifact('backend'), 'utf8')).toBe('backend one')
  })

  it('keeps what it fetched, and finds it without the registry', async () => {
    const fetched = await fetch()
    rmSync(join(folder, 'registry'), { recursive: true })
    expect(await cache.find(r(1), { verify: true })).toEqual(fetched)
    expect(fetched.artifacts.map(({ path }) => readFileSync(path, 'utf8'))).toEqual(['backend one', 'web one'])
  })

  it('publishing the same release again puts back a file of it that was lost or damaged', async () => {
    const release = releaseOf(folder, r(1), 'one')
    for (const harm of [
      () => truncateSync(artifact('web'), 3),
      () => writeFileSync(artifact('web'), 'web two'),
      () => rmSync(artifact('web')),
    ]) {
      harm()
      await expect(fetch()).rejects.toMatchObject({ hint: 'publish the release again' })
      await registry.publish(release)
      expect(readFileSync(artifact('web'), 'utf8')).toBe('web one')
    }
    expect((await fetch()).artifacts).toHaveLength(2)
  })

  it('a damaged manifest is not written over: nobody can tell which release it was of', async () => {
    const path = join(folder, 'registry', 'hello-release', r(1), `hello-release-${r(1)}.json`)
    writeFileSync(path, '{')
    await expect(registry.publish(releaseOf(folder, r(1), 'one'))).rejects.toMatchObject({
      code: 'bad-manifest',
      kind: 'refused',
      details: [path],
    })
    expect(readFileSync(path, 'utf8')).toBe('{')
  })

  const lies: readonly (readonly [string, () => void])[] = [
    ['truncated', () => truncateSync(artifact('web'), 3)],
    ['longer than promised', () => appendFileSync(artifact('web'), 'more')],
    ['of the right size and other bytes', () => writeFileSync(artifact('web'), 'web two')],
  ]
  it.each(lies)('an artifact that is %s is refused, and nothing of it is kept', async (_name, lie) => {
    lie()
    await expect(fetch()).rejects.toMatchObject({ code: 'artifact-mismatch', kind: 'refused' })
    expect(await cache.find(r(1))).toBeNull()
    expect(blobs().filter((name) => name.includes('tmp'))).toEqual([])
  })

  it('a missing artifact says which', async () => {
    rmSync(artifact('web'))
    await expect(fetch()).rejects.toMatchObject({ code: 'no-such-artifact' })
  })

  it('a manifest that is not the one of the first deploy is refused, whatever it says', async () => {
    await expect(fetch('f'.repeat(64))).rejects.toMatchObject({ code: 'artifact-mismatch' })
    const { manifestSha256 } = await fetch()
    await expect(fetch(manifestSha256)).resolves.toHaveProperty('artifacts')
  })

  it('a byte that rotted in the cache is found when asked to look, and fetched again', async () => {
    const { artifacts } = await fetch()
    writeFileSync(artifacts[0]?.path ?? '', 'backend 0ne')
    expect(await cache.find(r(1))).not.toBeNull()
    expect(await cache.find(r(1), { verify: true })).toBeNull()
    await fetch()
    expect(await cache.find(r(1), { verify: true })).not.toBeNull()
  })

  it('forgets what is not kept, and keeps what another release shares', async () => {
    await fetch()
    await registry.publish(releaseOf(folder, r(2), 'one'))
    await cache.fetch({ sha: r(2), from: registry, pinned: null })
    expect(await cache.prune([r(2)])).toEqual([r(1)])
    expect(await cache.find(r(1))).toBeNull()
    expect(await cache.find(r(2), { verify: true })).not.toBeNull()
    await cache.prune([])
    expect(blobs()).toEqual([])
  })
})
