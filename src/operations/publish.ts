import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ComponentConfig, Config } from '../config/types.ts'
import { usageError } from '../domain/errors.ts'
import type { ComponentName, Sha } from '../domain/ids.ts'
import { publicQuestions } from '../domain/plan/launch-steps.ts'
import { type Manifest, MIGRATIONS_NAME } from '../domain/release.ts'
import { packArchive } from '../lib/archive/pack.ts'
import { MAX_MANIFEST_BYTES, manifestBytes } from '../lib/manifest.ts'
import type { Registry, StoredManifest } from '../ports/registry.ts'

export interface PublishAsk {
  readonly config: Config
  readonly registry: Registry
  readonly sha: Sha
  readonly sources: readonly { readonly component: string; readonly path: string }[]
  readonly builtBy: string
  /** ISO 8601, UTC. */
  readonly now: string
  /** For the archives until they are in the registry. */
  readonly workFolder: string
}

/** Packs each component, writes what the release says of itself, and hands both to the registry. The same again is accepted. */
export async function publishRelease({
  config,
  registry,
  sha,
  sources,
  builtBy,
  now,
  workFolder,
}: PublishAsk): Promise<StoredManifest> {
  assertSources(config, sources)
  const folder = await mkdtemp(join(workFolder, 'publish-'))
  try {
    const packed = await Promise.all(
      config.components.map(async (component) => {
        const file = `${config.app}-${component.name}-${sha}.tar.zst`
        const path = join(folder, file)
        const source = sources.find((one) => one.component === component.name)
        return { component, path, artifact: { file, ...(await packArchive(source?.path ?? '', path)) } }
      }),
    )
    const migrations = await packMigrations(config, sha, folder)
    const manifest: Manifest = {
      version: 1,
      app: config.app,
      sha,
      components: packed.map(({ component, artifact }) => ({ ...releaseFacts(component), artifact })),
      migrate: migrateFacts(config),
      ...(migrations?.facts ?? { migrations: [] }),
      builtBy,
      builtAt: now,
    }
    publicQuestions(manifest)
    assertReadable(manifest)
    const files = packed.map(({ component, path }) => ({ component: component.name, path }))
    return await registry.publish({
      manifest,
      files: migrations === null ? files : [...files, { component: MIGRATIONS_NAME, path: migrations.path }],
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The migrations as an archive of their own, and what the manifest says of them. Null where the configuration names no folder. */
async function packMigrations({ app, migrate }: Config, sha: Sha, folder: string) {
  const files = migrate?.files ?? null
  if (files === null) return null
  const { collectMigrations } = await import('./migrations/apart.ts')
  const stage = join(folder, 'migrations')
  const { migrations, layout } = await collectMigrations(files, stage)
  const file = `${app}-${MIGRATIONS_NAME}-${sha}.tar.zst`
  const path = join(folder, file)
  const artifact = { file, ...(await packArchive(stage, path)) }
  const { transaction, postgres, timeZone } = files
  return { path, facts: { migrations, migrationFiles: { layout, transaction, postgres, timeZone, artifact } } }
}

/** Found out here, and not when somebody deploys it. */
function assertReadable(manifest: Manifest): void {
  const sizeBytes = Buffer.byteLength(manifestBytes(manifest))
  if (sizeBytes <= MAX_MANIFEST_BYTES) return
  throw usageError(`the manifest would have ${sizeBytes} bytes, and at most ${MAX_MANIFEST_BYTES} are read`, {
    code: 'manifest-too-large',
    details: [`it lists ${manifest.migrations.length} migrations`],
    hint: 'squash the migrations that every environment has',
  })
}

function releaseFacts({
  name,
  command,
  instances,
  routes,
  health,
  environment,
  stopTimeoutMs,
}: ComponentConfig): Omit<Manifest['components'][number], 'artifact'> {
  return { name, command, instances, routes, health, environment, stopTimeoutMs }
}

function migrateFacts({ migrate }: Config): Manifest['migrate'] {
  if (migrate === null) return null
  const { component, command, check, timeoutMs } = migrate
  return { component, command, timeoutMs, ...(check === null ? {} : { check }) }
}

function assertSources({ components }: Config, sources: PublishAsk['sources']): void {
  const known: readonly ComponentName[] = components.map(({ name }) => name)
  const hint = `backflip publish --sha SHA ${known.map((name) => `${name}=PATH`).join(' ')}`
  for (const [index, { component }] of sources.entries()) {
    if (!known.some((name) => name === component)) {
      throw usageError(`there is no component ${JSON.stringify(component)}: ${known.join(', ')}`, {
        code: 'unknown-component',
        hint,
      })
    }
    if (sources.findIndex((one) => one.component === component) !== index)
      throw usageError(`${component} is named twice`, { code: 'duplicate-component', hint })
  }
  const missing = known.filter((name) => !sources.some(({ component }) => component === name))
  if (missing.length > 0)
    throw usageError(`nothing was named for ${missing.join(', ')}`, { code: 'missing-component', hint })
}
