/** A backup of a database that ended before the point that is wanted. Plain data. */
export interface Backup {
  readonly label: string
  readonly type: string
  /** ISO 8601, UTC. */
  readonly finishedAt: string
  /** Of the data, unpacked. */
  readonly sizeBytes: number
}
