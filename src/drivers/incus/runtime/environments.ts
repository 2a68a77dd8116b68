import { join } from 'node:path'
import { type Fingerprints, fingerprint, fingerprintKey } from '../../../lib/fingerprints.ts'
import { type ResolvedEnvironment, resolveEnvironment } from '../../../lib/instance-environment.ts'
import { ensurePrivateFolder } from '../../../lib/safe-folder.ts'
import { secretResolver } from '../../../lib/secrets.ts'
import { uuid7 } from '../../../lib/uuid7.ts'
import type { LaunchAsk } from '../../../ports/runtime.ts'
import { type Place, placesOf } from './addresses.ts'
import type { RuntimeContext } from './context.ts'

export interface Ready {
  readonly place: Place
  readonly resolved: ResolvedEnvironment
}

/** Every instance with the environment that it gets, secrets read: nothing is started before all could be. */
export function withEnvironments(context: RuntimeContext, ask: LaunchAsk): Promise<readonly Ready[]> {
  const { config, owner, ours } = context
  const resolve = secretResolver(ours)
  return Promise.all(
    placesOf(config, owner, ask.color, ask.manifest).map(async (place) => {
      const { component, address, release, color } = place
      const fixed = {
        BACKFLIP_INSTANCE: address.name,
        BACKFLIP_OPERATION: ask.operation,
        BACKFLIP_SHA: ask.manifest.sha,
        BACKFLIP_COLOR: color,
        PORT: String(address.port),
        // In a container of its own there is nobody to hide from, and its address is not known to every program.
        HOST: '0.0.0.0',
      }
      const { environment } = release
      return { place, resolved: await resolveEnvironment({ component, environment, fixed, ours: {}, resolve }) }
    }),
  )
}

export async function fingerprintsOf({ stateFolder }: RuntimeContext, ready: readonly Ready[]): Promise<Fingerprints> {
  const secrets = ready.flatMap(({ place, resolved }) =>
    Object.entries(resolved.secrets).map(([name, value]) => [`${place.component}.${name}`, value] as const),
  )
  if (secrets.length === 0) return {}
  ensurePrivateFolder(stateFolder)
  const key = await fingerprintKey(join(stateFolder, 'fingerprint.key'), join(stateFolder, `.key-${uuid7()}`))
  return Object.fromEntries(secrets.map(([name, value]) => [name, fingerprint(key, name, value)]))
}
