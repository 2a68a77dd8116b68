import type { AppName, EnvironmentName } from '../../domain/ids.ts'
import type { ProcessEnvironment } from '../../lib/secrets.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Entered } from './fence.ts'
import type { Layout } from './layout.ts'

export type Unpack = (archivePath: string, folder: string) => Promise<void>

/** What every part of the driver works with. */
export interface ProcessContext {
  readonly app: AppName
  readonly environment: EnvironmentName
  /** First and last port, inclusive. */
  readonly ports: { readonly first: number; readonly last: number }
  readonly layout: Layout
  readonly clock: Clock
  readonly unpack: Unpack
  /** Our own environment, from which instances get little and secrets are read. */
  readonly ours: ProcessEnvironment
  /** The one-off runner's own file. */
  readonly oneOffEntry: string
  /** How long a start is watched for a process that ends at once. */
  readonly graceMs: number
  /** The state folder as processes carry it in their mark. */
  readonly state: () => string
  /** Makes and judges the state folder, and lets the generation in. Errors `unsafe-state-folder`, `fenced`. */
  readonly enter: (generation: number) => Promise<Entered>
}
