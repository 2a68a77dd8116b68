import type { Sha } from '../domain/ids.ts'
import type { Manifest } from '../domain/release.ts'
import type { Registry, StoredManifest } from './registry.ts'
import type { CachedArtifact } from './runtime.ts'

/** Verified artifacts on this host, by content: the way back does not depend on the registry. */
export interface ArtifactCache {
  /**
   * Fetches what is missing and verifies size and SHA-256 of everything, the manifest against `pinned` (the ledger's digest of the
   * first deploy) when given. Error `artifact-mismatch` (kind `refused`) says which of them lied; the cache keeps nothing of it.
   */
  fetch(ask: {
    readonly sha: Sha
    readonly from: Registry
    readonly pinned: string | null
  }): Promise<StoredManifest & { readonly artifacts: readonly CachedArtifact[] }>
  /** What is there and complete by size; null when something is missing. `verify` reads every byte and compares digests. */
  find(
    sha: Sha,
    ask?: { readonly verify?: boolean },
  ): Promise<(StoredManifest & { readonly artifacts: readonly CachedArtifact[] }) | null>
  /**
   * The texts of a release's migrations and of their inverses, by their paths; null when its manifest has none. What is not here is fetched. Errors as
   * those of `fetch`, and the registry's own.
   */
  migrationTexts(ask: {
    readonly manifest: Manifest
    readonly from: Registry
  }): Promise<ReadonlyMap<string, Uint8Array> | null>
  /** Forgets every release that is not in `keep`. */
  prune(keep: readonly Sha[]): Promise<readonly Sha[]>
  freeBytes(): Promise<number>
}
