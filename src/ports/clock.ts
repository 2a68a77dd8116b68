/** Time, for everything that waits or stamps. Durations come from `monotonicMs`, stamps from `now`. */
export interface Clock {
  /** ISO 8601, UTC. */
  now(): string
  monotonicMs(): number
  /** Rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}
