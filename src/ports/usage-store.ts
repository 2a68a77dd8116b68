import type { ReleaseUsage } from '../domain/compatibility/usage.ts'
import type { Sha } from '../domain/ids.ts'

/** The usage that is kept with a release, on this host. */
export interface UsageStore {
  /** Null when nobody collected it. Error `bad-usage` (kind `refused`) when what is there is not what is written here. */
  read(sha: Sha): Promise<ReleaseUsage | null>
  /** Replaces what is there. Only its owner may read it: recorded parameters are data. */
  write(usage: ReleaseUsage): Promise<void>
}
