import { refusal } from '../../src/domain/errors.ts'
import type { ArtifactCache } from '../../src/ports/artifact-cache.ts'
import type { Operator } from './operator.ts'
import { publishedAs } from './registry.ts'
import type { FakeRelease } from './releases.ts'
import type { World } from './world.ts'

const FREE_BYTES = 1024 ** 4

/** The cache of the host: which releases are in it, whole. */
export function fakeCache(world: World, operator: Operator): ArtifactCache {
  const ask = <T>(name: string, work: () => T | Promise<T>) => world.call(operator, `cache.${name}`, work)
  return {
    fetch: ({ sha, from, pinned }) =>
      ask('fetch', async () => {
        const found = world.cached.has(sha)
          ? publishedAs(world, sha)
          : await from.manifest(sha).then(() => publishedAs(world, sha))
        if (pinned !== null && pinned !== found.manifestSha256)
          throw refusal('the manifest is not the one of the first deploy', { code: 'artifact-mismatch' })
        if (!world.cached.has(sha)) {
          await world.change(operator, `cache ${sha.slice(0, 4)}`, () => void world.cached.add(sha), { fenced: false })
        }
        return asCached(found)
      }),
    find: (sha) => ask('find', () => (world.cached.has(sha) ? asCached(publishedAs(world, sha)) : null)),
    migrationTexts: ({ manifest }) => ask('migrationTexts', () => publishedAs(world, manifest.sha).migrationTexts),
    prune: (keep) =>
      ask('prune', () => {
        const gone = [...world.cached].filter((sha) => !keep.includes(sha))
        for (const sha of gone) world.cached.delete(sha)
        return gone
      }),
    freeBytes: () => ask('freeBytes', () => FREE_BYTES),
  }
}

function asCached({ manifest, manifestSha256 }: FakeRelease): NonNullable<Awaited<ReturnType<ArtifactCache['find']>>> {
  const artifacts = manifest.components.map(({ name, artifact }) => ({
    component: name,
    path: `/cache/${artifact.sha256}`,
  }))
  return { manifest, manifestSha256, artifacts }
}
