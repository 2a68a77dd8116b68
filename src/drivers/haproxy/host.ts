import type { HaproxyConfig } from '../../config/types.ts'
import type { AppName, EnvironmentName } from '../../domain/ids.ts'
import type { Clock } from '../../ports/clock.ts'
import type { SharedLock } from '../../ports/shared-lock.ts'
import type { Transport } from '../../ports/transport.ts'
import type { Layout } from './layout.ts'

/** What every part of the driver works with: the host behind its transport, and the names of things on it. */
export interface Host {
  readonly config: HaproxyConfig
  readonly app: AppName
  readonly environment: EnvironmentName
  /** The only way to the host that HAProxy runs on. */
  readonly transport: Transport
  /** For what several apps share on it: the reload. */
  readonly sharedLock: SharedLock
  readonly clock: Clock
  readonly layout: Layout
}

export async function readText({ transport }: Pick<Host, 'transport'>, path: string): Promise<string | null> {
  const bytes = await transport.readFile(path)
  return bytes === null ? null : new TextDecoder().decode(bytes)
}
