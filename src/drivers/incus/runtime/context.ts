import type { IncusRuntimeConfig } from '../../../config/types.ts'
import type { ProcessEnvironment } from '../../../lib/secrets.ts'
import type { Clock } from '../../../ports/clock.ts'
import type { IncusClient } from '../client.ts'
import type { Entered } from '../fence.ts'
import type { Owner } from './names.ts'

/** What every part of the driver works with. */
export interface RuntimeContext {
  readonly client: IncusClient
  readonly config: IncusRuntimeConfig
  readonly owner: Owner
  readonly clock: Clock
  /** Where secrets are read. */
  readonly ours: ProcessEnvironment
  /** Of this host: key of the fingerprints, logs of what was removed. */
  readonly stateFolder: string
  /** How long a start is watched for a service that ends at once. */
  readonly graceMs: number
  /** How long a container may take to get its leased address. */
  readonly leaseMs: number
  /** Lets the generation in. Error `fenced`. */
  readonly enter: (generation: number) => Promise<Entered>
}
