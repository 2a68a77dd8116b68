import type { IncusClient } from './client.ts'
import { isIncusError } from './errors.ts'
import type { InstanceName } from './names.ts'
import { awaitOperation } from './operations.ts'

const LIMIT_MS = 5 * 60_000
const PENDING = 105
const RUNNING = 103

/**
 * Waits for what the daemon still does to an instance, at most five minutes each. An operation goes on when the one who asked for it is dead, and
 * whoever takes over would meet it half way. How it ends is its own business: look at the instance afterwards. Commands that run inside are no such work.
 */
export async function awaitOthers(client: IncusClient, name: InstanceName): Promise<void> {
  const query = { recursion: '1' }
  const { metadata } = await client.call({ method: 'GET', path: '/operations', query, what: 'list operations' })
  const all = Object.values(metadata as { readonly [status: string]: readonly WireOperation[] }).flat()
  for (const { id, description } of all.filter((one) => isWorkOn(one, name))) {
    try {
      await awaitOperation(client, `/1.0/operations/${id}`, { what: `${description} (${name})`, limitMs: LIMIT_MS })
    } catch (error) {
      if (!isIncusError(error, 'incus-failed', 'incus-exists', 'incus-running', 'incus-stopped', 'incus-pool-full'))
        throw error
    }
  }
}

interface WireOperation {
  readonly id: string
  readonly class: string
  readonly description: string
  readonly status_code: number
  readonly resources: { readonly [kind: string]: readonly string[] | null } | null
}

function isWorkOn(
  { class: kind, description, status_code: status, resources }: WireOperation,
  name: InstanceName,
): boolean {
  if (kind !== 'task' || description === 'Executing command' || (status !== RUNNING && status !== PENDING)) return false
  const paths = Object.values(resources ?? {}).flatMap((urls) => urls ?? [])
  return paths.some((url) => decodeURIComponent(url.split('?')[0] ?? '').split('/')[3] === name)
}
