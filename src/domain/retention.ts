import type { Sha } from './ids.ts'

export interface RetentionFacts {
  /** Newest first. */
  readonly published: readonly Sha[]
  /** Never removed: live, standby, the last good ones. */
  readonly pins: readonly Sha[]
  /** How many are kept besides. */
  readonly retain: number
}

/** Which releases leave the registry: the oldest beyond `retain`, never a pin. Pure. */
export function planRetention({ published, pins, retain }: RetentionFacts): readonly Sha[] {
  return published.slice(retain).filter((sha) => !pins.includes(sha))
}
