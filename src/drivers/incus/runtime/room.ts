import { COLORS } from '../../../domain/color.ts'
import { BackflipError } from '../../../domain/errors.ts'
import type { Manifest } from '../../../domain/release.ts'
import type { Shortcoming } from '../../../ports/shortcoming.ts'
import { checkAccess } from '../access.ts'
import { isIncusError } from '../errors.ts'
import { type Devices, isFingerprint } from '../instances.ts'
import { placesOf } from './addresses.ts'
import { checkNetwork } from './check-network.ts'
import type { RuntimeContext } from './context.ts'
import { findOurs } from './create.ts'

/** Free bytes of the pool that containers are made in, as Incus counts them. */
export async function freeBytes({ client, config }: RuntimeContext): Promise<number> {
  const profiles = await Promise.all(
    config.profiles.map(async (name) => {
      const { metadata } = await client.call({
        method: 'GET',
        path: `/profiles/${name}`,
        what: `look at the profile ${name}`,
      })
      return (metadata as { readonly devices: Devices }).devices
    }),
  )
  const root = profiles
    .flatMap((devices) => Object.values(devices))
    .findLast(({ type, path }) => type === 'disk' && path === '/')
  if (root?.pool === undefined) throw noRoot(config.profiles)
  const path = `/storage-pools/${root.pool}/resources`
  const { metadata } = await client.call({ method: 'GET', path, what: `look at the storage pool ${root.pool}` })
  const { space } = metadata as { readonly space: { readonly used: number; readonly total: number } }
  return space.total - space.used
}

function noRoot(profiles: readonly string[]): BackflipError {
  return new BackflipError(`no profile of ${profiles.join(', ') || 'none'} has a root disk`, {
    code: 'no-root-disk',
    kind: 'failed',
    hint: 'incus profile device add default root disk path=/ pool=POOL',
  })
}

/** Whether a launch can begin: the project is ours to use, the image is there, no name is somebody else's. Errors say which. Changes nothing. */
export async function checkLaunch(context: RuntimeContext, manifest: Manifest): Promise<void> {
  const { client, config, owner } = context
  await checkAccess(client)
  await checkImage(context)
  await checkNetwork(context)
  const names = COLORS.flatMap((color) => placesOf(config, owner, color, manifest).map(({ address }) => address.name))
  await Promise.all(names.map((name) => findOurs(context, name)))
}

/** Of two calls. */
const ACCESS_MS = 900

/** An administrator's socket lists a project that is not there as empty: that nothing runs there is then no news. */
export async function accessShortcomings({ client }: Pick<RuntimeContext, 'client'>): Promise<readonly Shortcoming[]> {
  try {
    await checkAccess(client, { timeoutMs: ACCESS_MS })
    return []
  } catch (error) {
    if (!isIncusError(error, 'incus-no-right', 'incus-no-project')) throw error
    return [{ message: error.message, hint: error.hint ?? 'incus project list' }]
  }
}

async function checkImage({ client, config: { image } }: RuntimeContext): Promise<void> {
  const path = isFingerprint(image) ? `/images/${image}` : `/images/aliases/${encodeURIComponent(image)}`
  try {
    await client.call({ method: 'GET', path, what: `look at the image ${image}` })
  } catch (error) {
    if (!isIncusError(error, 'incus-not-found', 'incus-no-image')) throw error
    throw new BackflipError(`there is no image ${image} in the project ${client.project} of Incus at ${client.where}`, {
      code: 'incus-no-image',
      kind: 'failed',
      hint: 'incus image list, and write one of them as runtime.image',
      cause: error,
    })
  }
}
