import { refusal } from '../../src/domain/errors.ts'
import type { Sha } from '../../src/domain/ids.ts'
import type { Registry } from '../../src/ports/registry.ts'
import type { Operator } from './operator.ts'
import type { FakeRelease } from './releases.ts'
import type { World } from './world.ts'

/** The world's releases. Bytes are nobody's business here: they are tested where they are read. */
export function fakeRegistry(world: World, operator: Operator): Registry {
  const ask = <T>(name: string, work: () => T) => world.call(operator, `registry.${name}`, work)
  return {
    manifest: (sha) => ask('manifest', () => published(world, sha)),
    list: (limit) =>
      ask('list', () =>
        [...world.releases.keys()]
          .toReversed()
          .slice(0, limit)
          .map((sha) => ({ sha, publishedAt: world.clock.stamp() })),
      ),
    open: () => Promise.reject(new Error('the fake registry holds no bytes')),
    publish: () => Promise.reject(new Error('the fake registry is filled by the world')),
    remove: (sha) => ask('remove', () => void world.releases.delete(sha)),
  }
}

function published(world: World, sha: Sha): FakeRelease {
  if (world.lost.has(sha)) throw refusal(`there is no release ${sha}`, { code: 'no-such-release' })
  return publishedAs(world, sha)
}

export function publishedAs({ releases }: World, sha: Sha): FakeRelease {
  const found = releases.get(sha)
  if (found === undefined) throw refusal(`there is no release ${sha}`, { code: 'no-such-release' })
  return found
}
