import type { Sha } from '../../src/domain/ids.ts'
import type { Manifest } from '../../src/domain/release.ts'
import { sha256Hex } from '../../src/lib/sha256.ts'
import { manifest } from './history.ts'

/**
 * What a release is really like, whatever anybody believes of it.
 * - `never-healthy`   runs and never answers well
 * - `dies`            its instances end right after their start
 * - `flapping`        every second answer is bad; the edge's coarser check sees it as up
 * - `wrong-sha`       answers well, and names another release
 * - `bad-in-preview`  well in place, bad through the edge
 * - `bad-in-public`   well in place and in the preview, bad for the public
 * - `bad-under-load`  answers every probe well, and its users with server errors
 */
export type Variety =
  | 'good'
  | 'never-healthy'
  | 'dies'
  | 'flapping'
  | 'wrong-sha'
  | 'bad-in-preview'
  | 'bad-in-public'
  | 'bad-under-load'

/** How its migrate command ends; null: it has none. */
export type Migration = 'succeeds' | 'fails' | 'leaves-no-exit-code' | null

export interface FakeRelease {
  readonly sha: Sha
  readonly variety: Variety
  readonly migration: Migration
  readonly manifest: Manifest
  readonly manifestSha256: string
  /** Texts of its migrations, by path; null when it says nothing of them. */
  readonly migrationTexts: ReadonlyMap<string, Uint8Array> | null
}

export function fakeRelease(
  sha: Sha,
  variety: Variety = 'good',
  migration: Migration = null,
  components: readonly string[] = ['backend', 'web'],
): FakeRelease {
  const plain = manifest(sha, components)
  const [first] = plain.components
  const migrate =
    migration === null || first === undefined
      ? null
      : { component: first.name, command: ['migrate'], check: ['migrate', '--check'], timeoutMs: 10_000 }
  return {
    sha,
    variety,
    migration,
    manifest: { ...plain, migrate },
    manifestSha256: sha.slice(0, 1).repeat(64),
    migrationTexts: null,
  }
}

/** The release with migrations in a plain folder: `{ '0001_users.sql': 'CREATE TABLE …' }`, in that order; `.down.sql` is an inverse. */
export function withMigrations(release: FakeRelease, texts: { readonly [path: string]: string }): FakeRelease {
  const { manifest } = release
  const migrations = Object.entries(texts)
    .filter(([path]) => !path.endsWith('.down.sql'))
    .map(([path, text]) => ({ name: path, path, sha256: sha256Hex(text) }))
  const artifact = { file: 'hello-migrations.tar.zst', sizeBytes: 1, sha256: '2'.repeat(64), tarSha256: '3'.repeat(64) }
  const migrationFiles = { layout: 'plain', transaction: 'file' as const, postgres: 18, timeZone: 'UTC', artifact }
  return {
    ...release,
    manifest: { ...manifest, migrations, migrationFiles },
    migrationTexts: new Map(Object.entries(texts).map(([path, text]) => [path, Buffer.from(text)])),
  }
}

/** Whether an instance of it answers well in place, every time. */
export function isHealthyInPlace(variety: Variety): boolean {
  return variety !== 'never-healthy' && variety !== 'dies' && variety !== 'flapping' && variety !== 'wrong-sha'
}

/** Whether the edge's own health check, a plain GET now and then, sees it as up. */
export function isUpForEdge(variety: Variety): boolean {
  return variety !== 'never-healthy' && variety !== 'dies'
}
