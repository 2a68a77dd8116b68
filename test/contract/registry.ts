import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BackflipError } from '../../src/domain/errors.ts'
import type { Sha } from '../../src/domain/ids.ts'
import type { Manifest } from '../../src/domain/release.ts'
import type { Registry } from '../../src/ports/registry.ts'
import { manifest, r } from '../fakes/history.ts'

export interface RegistryWorld {
  readonly registry: Registry
  readonly close: () => Promise<void>
}

/** A release of two components whose bytes are told by `content`. */
export function releaseOf(folder: string, sha: Sha, content: string) {
  const base = manifest(sha)
  const files = base.components.map(({ name }) => {
    const path = join(folder, `${name}-${sha.slice(0, 4)}-${content}`)
    writeFileSync(path, `${name} ${content}`)
    return { component: name, path }
  })
  const components = base.components.map((component): Manifest['components'][number] => {
    const bytes = Buffer.from(`${component.name} ${content}`)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    return {
      ...component,
      artifact: { file: `hello-${component.name}-${sha}.tar.zst`, sizeBytes: bytes.length, sha256, tarSha256: sha256 },
    }
  })
  return { manifest: { ...base, components }, files }
}

export async function bytesOf(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'no error',
    (error: unknown) => (error instanceof BackflipError ? error.code : String(error)),
  )
}

/** What every registry must do. */
export function registryContract(name: string, makeWorld: () => Promise<RegistryWorld>): void {
  describe(`${name} is a registry`, () => {
    let world: RegistryWorld
    let registry: Registry
    let folder: string
    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), 'bf-registry-'))
      world = await makeWorld()
      registry = world.registry
    })
    afterEach(async () => {
      await world.close()
      rmSync(folder, { recursive: true, force: true })
    })

    it('gives back what was published', async () => {
      const release = releaseOf(folder, r(1), 'one')
      const stored = await registry.publish(release)
      expect(await registry.manifest(r(1))).toEqual(stored)
      for (const { name: component, artifact } of release.manifest.components) {
        expect(await bytesOf(await registry.open(r(1), component, artifact))).toBe(`${component} one`)
      }
    })

    it('accepts the same again, also with another time and builder, and keeps the first', async () => {
      const release = releaseOf(folder, r(1), 'one')
      const stored = await registry.publish(release)
      const later = {
        ...release,
        manifest: { ...release.manifest, builtAt: '2027-01-01T00:00:00.000Z', builtBy: 'somebody else' },
      }
      expect(await registry.publish(later)).toEqual(stored)
    })

    it('refuses other bytes under the same SHA, and keeps the first', async () => {
      const stored = await registry.publish(releaseOf(folder, r(1), 'one'))
      expect(await codeOf(registry.publish(releaseOf(folder, r(1), 'two')))).toBe('release-exists')
      expect(await registry.manifest(r(1))).toEqual(stored)
    })

    it('says of a release it does not have that there is none', async () => {
      expect(await codeOf(registry.manifest(r(9)))).toBe('no-such-release')
    })

    it('lists what is there, and no more than asked for', async () => {
      for (const n of [1, 2, 3]) await registry.publish(releaseOf(folder, r(n), 'x'))
      expect((await registry.list(10)).map(({ sha }) => sha).toSorted()).toEqual([r(1), r(2), r(3)])
      expect(await registry.list(2)).toHaveLength(2)
    })

    it('removes a release and leaves the others', async () => {
      for (const n of [1, 2]) await registry.publish(releaseOf(folder, r(n), 'x'))
      await registry.remove(r(1))
      expect(await codeOf(registry.manifest(r(1)))).toBe('no-such-release')
      expect((await registry.list(10)).map(({ sha }) => sha)).toEqual([r(2)])
    })

    it('of two who publish one SHA at once both succeed with the same, or one is refused with other bytes', async () => {
      const same = releaseOf(folder, r(1), 'one')
      const [a, b] = await Promise.all([registry.publish(same), registry.publish(same)])
      expect(a).toEqual(b)
      const codes = await Promise.all([
        codeOf(registry.publish(releaseOf(folder, r(2), 'a'))),
        codeOf(registry.publish(releaseOf(folder, r(2), 'b'))),
      ])
      expect(codes.toSorted()).toEqual(['no error', 'release-exists'])
    })
  })
}
