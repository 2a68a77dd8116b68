import type { Holder } from '../domain/journal.ts'

/** Whether the holder of a lease still lives. `unknown` for another host: then only a person may break the lease. */
export interface Liveness {
  self(actor: string): Promise<Holder>
  check(holder: Holder): Promise<'alive' | 'dead' | 'unknown'>
}
