/** A short, bounded lock for what several apps share on one host, such as the reload of their edge. */
export interface SharedLock {
  /** Waits at most `waitMs`; then error `shared-lock-busy` (kind `held`) that names the holder. A dead holder's lock is taken over. */
  hold<T>(what: string, waitMs: number, work: () => Promise<T>): Promise<T>
}
