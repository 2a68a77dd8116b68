import type { Color } from '../domain/color.ts'
import { BackflipError, refusal } from '../domain/errors.ts'
import type { Sha } from '../domain/ids.ts'
import type { Environments } from '../domain/plan/params.ts'
import type { Manifest } from '../domain/release.ts'
import type { StoredManifest } from '../ports/registry.ts'
import type { CachedArtifact } from '../ports/runtime.ts'
import type { StepPorts } from './ports.ts'

/**
 * I2, asked of the edge itself right before a color is touched, whatever plan and journal say: the live color, or one that gets a share
 * of the traffic, is never stopped, wiped or overwritten.
 */
export async function refuseTheLiveColor({ edge }: Pick<StepPorts, 'edge'>, color: Color): Promise<void> {
  const view = await edge.read()
  for (const [place, state] of [
    ['in memory', view.memory],
    ['in its state file', view.file],
  ] as const) {
    if (state === null) continue
    if (state.live !== color && !(state.candidate === color && state.share > 0)) continue
    throw new BackflipError(`${color} gets traffic (the edge says so ${place}): it is not touched`, {
      code: 'color-is-live',
      kind: 'refused',
      hint: 'backflip doctor',
    })
  }
}

/** A release that phase A put into the cache. */
export async function cachedRelease(
  { cache }: Pick<StepPorts, 'cache'>,
  sha: Sha,
): Promise<StoredManifest & { readonly artifacts: readonly CachedArtifact[] }> {
  const found = await cache.find(sha)
  if (found !== null) return found
  throw refusal(`${sha} is no longer in the cache of this host`, { code: 'not-cached', hint: `backflip deploy ${sha}` })
}

/** The manifest with the environment that this launch was planned with. */
export function withEnvironments(manifest: Manifest, environments: Environments): Manifest {
  return {
    ...manifest,
    components: manifest.components.map((one) => ({ ...one, environment: environments[one.name] ?? one.environment })),
  }
}
