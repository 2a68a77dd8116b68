import { createHash, randomBytes } from 'node:crypto'
import { promises as files, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { BackflipError, refusal } from '../../domain/errors.ts'
import { type AppName, parseSha, type Sha, short } from '../../domain/ids.ts'
import { type Artifact, artifactsOf, MIGRATIONS_NAME } from '../../domain/release.ts'
import { syncFolder, writeFileAtomic } from '../../lib/atomic-file.ts'
import { diskFull } from '../../lib/disk-full.ts'
import { digestOfFile } from '../../lib/file-digest.ts'
import { manifestBytes, manifestDigest, parseManifest } from '../../lib/manifest.ts'
import type { ArtifactCache } from '../../ports/artifact-cache.ts'
import type { Registry, StoredManifest } from '../../ports/registry.ts'
import type { CachedArtifact } from '../../ports/runtime.ts'

type Cached = StoredManifest & { readonly artifacts: readonly CachedArtifact[] }

/** `sha256/<digest>` and `releases/<sha>.json` below one folder: verified once on the way in, and again whenever it is asked for. */
export function artifactCache({ folder, app }: { readonly folder: string; readonly app: AppName }): ArtifactCache {
  const blobs = join(folder, 'sha256')
  const releases = join(folder, 'releases')
  const blob = (sha256: string) => join(blobs, sha256)

  /** One that lies does not end the others half way: all are over when this is. */
  const fetchAll = async (sha: Sha, from: Registry, stored: StoredManifest): Promise<readonly CachedArtifact[]> => {
    const fetched = await Promise.allSettled(
      artifactsOf(stored.manifest).map(async ({ name, artifact }) => {
        await fetchBlob({ from, sha, name, artifact, target: blob(artifact.sha256) })
        return { component: name, path: blob(artifact.sha256) }
      }),
    )
    const artifacts = fetched.map((one) => {
      if (one.status === 'rejected') throw one.reason
      return one.value
    })
    return artifacts.filter(({ component }) => component !== MIGRATIONS_NAME)
  }

  return {
    async fetch({ sha, from, pinned }) {
      const stored = await from.manifest(sha)
      assertManifest(stored, app, sha, pinned)
      await files.mkdir(blobs, { recursive: true, mode: 0o700 })
      await files.mkdir(releases, { recursive: true, mode: 0o700 })
      const artifacts = await fetchAll(sha, from, stored)
      // Last: a release is in the cache when its manifest is.
      await writeFileAtomic(join(releases, `${sha}.json`), manifestBytes(stored.manifest))
      return { ...stored, artifacts }
    },

    async find(sha, { verify = false } = {}) {
      const stored = await readStored(join(releases, `${sha}.json`))
      if (stored === null || stored.manifest.sha !== sha) return null
      const artifacts = stored.manifest.components.map(({ name, artifact }) => ({
        component: name,
        path: blob(artifact.sha256),
        artifact,
      }))
      // A way back starts instances: texts of migrations that were lost since do not close it.
      const whole = verify
        ? artifactsOf(stored.manifest).map(({ artifact }) => hasBytes(blob(artifact.sha256), artifact))
        : artifacts.map(({ path, artifact }) => hasSize(path, artifact))
      return (await Promise.all(whole)).every(Boolean)
        ? ({ ...stored, artifacts: artifacts.map(({ component, path }) => ({ component, path })) } satisfies Cached)
        : null
    },

    async migrationTexts({ manifest, from }) {
      if (manifest.migrationFiles === undefined) return null
      const { artifact } = manifest.migrationFiles
      const target = blob(artifact.sha256)
      await files.mkdir(blobs, { recursive: true, mode: 0o700 })
      await fetchBlob({ from, sha: manifest.sha, name: MIGRATIONS_NAME, artifact, target })
      // Loaded here: a flip reads no archive.
      const { readTextArchive } = await import('./text-archive.ts')
      return readTextArchive(target, join(folder, 'reading'))
    },

    prune: (keep) => prune(releases, blobs, keep),

    async freeBytes() {
      await files.mkdir(folder, { recursive: true, mode: 0o700 })
      const { bavail, bsize } = await files.statfs(folder)
      return bavail * bsize
    },
  }
}

async function prune(releases: string, blobs: string, keep: readonly Sha[]): Promise<readonly Sha[]> {
  const known = await listReleases(releases)
  const gone = known.filter((sha) => !keep.includes(sha))
  for (const sha of gone) await files.rm(join(releases, `${sha}.json`), { force: true })
  const kept = await Promise.all(
    known.filter((sha) => keep.includes(sha)).map((sha) => readStored(join(releases, `${sha}.json`))),
  )
  const needed = new Set(
    kept.flatMap((one) => (one === null ? [] : artifactsOf(one.manifest).map(({ artifact }) => artifact.sha256))),
  )
  for (const name of await namesIn(blobs)) if (!needed.has(name)) await files.rm(join(blobs, name), { force: true })
  return gone
}

function assertManifest(
  { manifest, manifestSha256 }: StoredManifest,
  app: AppName,
  sha: Sha,
  pinned: string | null,
): void {
  if (manifest.app !== app)
    throw refusal(`the manifest of ${short(sha)} is of another app: ${manifest.app}`, {
      code: 'artifact-mismatch',
      hint: 'publish the release of this app into its own registry: backflip publish',
    })
  if (pinned === null || pinned === manifestSha256) return
  throw refusal(`the registry's manifest of ${short(sha)} is not the one that was deployed here first`, {
    code: 'artifact-mismatch',
    details: [`first deploy: ${pinned}`, `now: ${manifestSha256}`],
    hint: 'somebody published other bytes under the same SHA: find out who, before anything is deployed',
  })
}

async function fetchBlob(ask: {
  readonly from: Registry
  readonly sha: Sha
  readonly name: CachedArtifact['component']
  readonly artifact: Artifact
  readonly target: string
}): Promise<void> {
  const { from, sha, name, artifact, target } = ask
  if (await hasBytes(target, artifact)) return
  await files.rm(target, { force: true })
  const temporary = `${target}.${randomBytes(6).toString('hex')}.tmp`
  const file = await files.open(temporary, 'wx', 0o600)
  try {
    const hash = createHash('sha256')
    let size = 0
    for await (const chunk of await from.open(sha, name, artifact)) {
      size += chunk.length
      if (size > artifact.sizeBytes) throw mismatch(artifact, `it has more than ${artifact.sizeBytes} bytes`)
      hash.update(chunk)
      await file.writeFile(chunk)
    }
    if (size !== artifact.sizeBytes)
      throw mismatch(artifact, `it has ${size} bytes, and the manifest says ${artifact.sizeBytes}`)
    const digest = hash.digest('hex')
    if (digest !== artifact.sha256)
      throw mismatch(artifact, `its digest is ${digest}, and the manifest says ${artifact.sha256}`)
    await file.sync()
    await files.link(temporary, target).catch(acceptExisting)
    await syncFolder(join(target, '..'))
  } catch (error) {
    throw diskFull(error, target) ?? error
  } finally {
    await file.close()
    await files.rm(temporary, { force: true })
  }
}

/** The same content, put there by another process meanwhile. */
function acceptExisting(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
}

function mismatch({ file }: Artifact, what: string): BackflipError {
  return new BackflipError(`${file} is not what was published: ${what}`, {
    code: 'artifact-mismatch',
    kind: 'refused',
    details: ['nothing of it was kept'],
    hint: 'publish the release again',
  })
}

async function hasSize(path: string, { sizeBytes }: Artifact): Promise<boolean> {
  return statSync(path, { throwIfNoEntry: false })?.size === sizeBytes
}

async function hasBytes(path: string, artifact: Artifact): Promise<boolean> {
  return (await hasSize(path, artifact)) && (await digestOfFile(path)) === artifact.sha256
}

async function readStored(path: string): Promise<StoredManifest | null> {
  try {
    const bytes = readFileSync(path)
    return { manifest: parseManifest(bytes), manifestSha256: manifestDigest(bytes) }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    // A damaged line of the cache is a missing one: it is fetched again, and verified.
    if (error instanceof BackflipError && error.code === 'bad-manifest') return null
    throw error
  }
}

async function listReleases(folder: string): Promise<readonly Sha[]> {
  return (await namesIn(folder)).flatMap((name) =>
    /^[0-9a-f]{40}\.json$/.test(name) ? [parseSha(name.slice(0, 40))] : [],
  )
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await files.readdir(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
