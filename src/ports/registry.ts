import type { ComponentName, Sha } from '../domain/ids.ts'
import type { Artifact, Manifest } from '../domain/release.ts'

export interface StoredManifest {
  readonly manifest: Manifest
  /** SHA-256 of the manifest's file, 64 hex digits: what the ledger of the first deploy pins. */
  readonly manifestSha256: string
}

/** Where releases are published. The suite is `test/contract/registry.ts`. The registry is not trusted: callers verify digests. */
export interface Registry {
  /** Error `no-such-release` (kind `refused`) when there is none. */
  manifest(sha: Sha): Promise<StoredManifest>
  /** Streams an artifact's bytes, at most `artifact.sizeBytes` plus one; nothing is verified here. */
  open(sha: Sha, component: ComponentName, artifact: Artifact): Promise<AsyncIterable<Uint8Array>>
  /** Newest first by time of publishing; at most `limit`. */
  list(limit: number): Promise<readonly { readonly sha: Sha; readonly publishedAt: string }[]>
  /**
   * Stores files and, last, the manifest: a release without manifest does not exist. The same bytes again are accepted silently;
   * other bytes under the same SHA are error `release-exists` (kind `refused`).
   */
  publish(ask: {
    readonly manifest: Manifest
    readonly files: readonly { readonly component: ComponentName; readonly path: string }[]
  }): Promise<StoredManifest>
  /** Deletes a release. Callers keep the pins. */
  remove(sha: Sha): Promise<void>
}
