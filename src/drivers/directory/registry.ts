import { randomBytes } from 'node:crypto'
import { createReadStream, promises as disk } from 'node:fs'
import { dirname, join } from 'node:path'
import type { DirectoryRegistryConfig } from '../../config/types.ts'
import { BackflipError, refusal } from '../../domain/errors.ts'
import { type AppName, type ComponentName, parseSha, type Sha, short } from '../../domain/ids.ts'
import { artifactsOf, type Manifest } from '../../domain/release.ts'
import { syncFolder, writeFileAtomic } from '../../lib/atomic-file.ts'
import { digestOfFile } from '../../lib/file-digest.ts'
import { MAX_MANIFEST_BYTES, manifestBytes, manifestDigest, parseManifest } from '../../lib/manifest.ts'
import type { Registry, StoredManifest } from '../../ports/registry.ts'

const RELEASE = 'release'

/** A folder as a registry: `<app>-<component>/<sha>/<app>-<component>-<sha>.tar.zst`, and the manifest, last, as `<app>-release/<sha>/…json`. */
export function directoryRegistry({
  config,
  app,
}: {
  readonly config: DirectoryRegistryConfig
  readonly app: AppName
}): Registry {
  const place = placeIn(config.path, app)
  return {
    manifest: (sha) => readManifest(place, sha),
    async open(sha, component, artifact) {
      const path = place.artifact(component, sha)
      await disk.stat(path).catch((cause: unknown) => {
        throw refusal(`the registry has no ${artifact.file}`, {
          code: 'no-such-artifact',
          cause,
          hint: 'publish the release again',
        })
      })
      // One byte more than promised is read, so that a file that grew is found and not followed to its end.
      return createReadStream(path, { end: artifact.sizeBytes }) as AsyncIterable<Uint8Array>
    },
    list: (limit) => list(place, limit),
    publish: (ask) => publish(place, ask),
    async remove(sha) {
      const { manifest } = await readManifest(place, sha)
      // The manifest first: a release without one does not exist, so nobody finds half of it.
      await disk.rm(dirname(place.manifest(sha)), { recursive: true, force: true })
      for (const { name } of artifactsOf(manifest))
        await disk.rm(dirname(place.artifact(name, sha)), { recursive: true, force: true })
    },
  }
}

interface Place {
  readonly releases: string
  readonly manifest: (sha: Sha) => string
  readonly artifact: (component: ComponentName, sha: Sha) => string
}

function placeIn(path: string, app: AppName): Place {
  const file = (name: string, sha: Sha, ending: string) =>
    join(path, `${app}-${name}`, sha, `${app}-${name}-${sha}.${ending}`)
  return {
    releases: join(path, `${app}-${RELEASE}`),
    manifest: (sha) => file(RELEASE, sha, 'json'),
    artifact: (component, sha) => file(component, sha, 'tar.zst'),
  }
}

async function readManifest(place: Place, sha: Sha): Promise<StoredManifest> {
  const found = await readIfThere(place.manifest(sha))
  if (found === null)
    throw refusal(`the registry has no release ${short(sha)}`, {
      code: 'no-such-release',
      details: [sha],
      hint: 'backflip releases',
    })
  const manifest = parseManifest(found)
  if (manifest.sha !== sha)
    throw refusal(`the registry answers for ${short(sha)} with the manifest of ${short(manifest.sha)}`, {
      code: 'artifact-mismatch',
      hint: `publish it again: backflip publish --sha ${sha}`,
    })
  return { manifest, manifestSha256: manifestDigest(found) }
}

async function readIfThere(path: string): Promise<Buffer | null> {
  try {
    const file = await disk.open(path, 'r')
    try {
      const { size } = await file.stat()
      if (size > MAX_MANIFEST_BYTES)
        throw refusal(`${path} is too large for a manifest`, {
          code: 'bad-manifest',
          hint: 'publish the release again: backflip publish',
        })
      return await file.readFile()
    } finally {
      await file.close()
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

async function list(
  place: Place,
  limit: number,
): Promise<readonly { readonly sha: Sha; readonly publishedAt: string }[]> {
  let names: string[]
  try {
    names = await disk.readdir(place.releases)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
  const shas = names.filter((name) => /^[0-9a-f]{40}$/.test(name)).map((name) => parseSha(name))
  const found = await Promise.all(
    shas.map(async (sha) => {
      const known = await disk.stat(place.manifest(sha)).catch(() => null)
      return known === null ? [] : [{ sha, publishedAt: known.mtime.toISOString() }]
    }),
  )
  return found
    .flat()
    .toSorted((a, b) =>
      a.publishedAt > b.publishedAt ? -1 : a.publishedAt < b.publishedAt ? 1 : a.sha < b.sha ? -1 : 1,
    )
    .slice(0, limit)
}

async function publish(place: Place, { manifest, files }: Parameters<Registry['publish']>[0]): Promise<StoredManifest> {
  const bytes = manifestBytes(manifest)
  const { sha } = manifest
  const before = await readIfThere(place.manifest(sha))
  if (before !== null) {
    const known = sameOrRefuse(before, bytes, sha, place)
    await mendArtifacts(place, manifest, files)
    return known
  }
  for (const { component, path } of files) await store(path, place.artifact(component, sha))
  const target = place.manifest(sha)
  await disk.mkdir(dirname(target), { recursive: true })
  const temporary = `${target}.${randomBytes(6).toString('hex')}.tmp`
  await writeFileAtomic(temporary, bytes, { mode: 0o644 })
  try {
    // link(2) and not rename: of two publishers of one SHA the second finds the first's.
    await disk.link(temporary, target)
    await syncFolder(dirname(target))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return sameOrRefuse(await disk.readFile(target), bytes, sha, place)
  } finally {
    await disk.rm(temporary, { force: true })
  }
  return { manifest, manifestSha256: manifestDigest(bytes) }
}

/** What was published under a SHA stays what it is. When and by whom it was built does not make another release. */
function sameOrRefuse(before: Buffer, bytes: string, sha: Sha, place: Place): StoredManifest {
  const known = readable(before, place.manifest(sha))
  const again = { ...parseManifest(bytes), builtAt: known.builtAt, builtBy: known.builtBy }
  if (manifestBytes(again) === before.toString('utf8'))
    return { manifest: known, manifestSha256: manifestDigest(before) }
  throw new BackflipError(`another release is published under ${short(sha)} already`, {
    code: 'release-exists',
    kind: 'refused',
    details: ['the registry keeps the first; nothing was changed'],
    hint: 'publish under the SHA of what you built',
  })
}

/** Nobody can tell any more which release a damaged manifest was of, so it is not written over either. */
function readable(bytes: Buffer, path: string): Manifest {
  try {
    return parseManifest(bytes)
  } catch (cause) {
    throw refusal('the manifest in the registry is damaged, and nobody can tell which release it was of', {
      code: 'bad-manifest',
      details: [path],
      hint: 'restore that file from a copy, or remove it and publish again',
      cause,
    })
  }
}

/** The same release again: a file of it that was lost or damaged is put back, with the bytes that the manifest promises. */
async function mendArtifacts(
  place: Place,
  manifest: Manifest,
  files: Parameters<Registry['publish']>[0]['files'],
): Promise<void> {
  for (const { component, path } of files) {
    const target = place.artifact(component, manifest.sha)
    const promised = artifactsOf(manifest).find(({ name }) => name === component)?.artifact.sha256
    if ((await digestOfFile(target)) === promised) continue
    await disk.rm(target, { force: true })
    await store(path, target)
  }
}

/** A file that is there under its name is complete: it was linked there whole. Other bytes are found by digest when the release is fetched. */
async function store(path: string, target: string): Promise<void> {
  await disk.mkdir(dirname(target), { recursive: true })
  const temporary = `${target}.${randomBytes(6).toString('hex')}.tmp`
  try {
    await disk.copyFile(path, temporary)
    const file = await disk.open(temporary, 'r+')
    try {
      await file.sync()
    } finally {
      await file.close()
    }
    await disk.link(temporary, target)
    await syncFolder(dirname(target))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    // Left by a publisher that died before its manifest: ours replaces it, as nothing refers to it yet.
    await disk.copyFile(path, temporary)
    await disk.rename(temporary, target)
  } finally {
    await disk.rm(temporary, { force: true })
  }
}
