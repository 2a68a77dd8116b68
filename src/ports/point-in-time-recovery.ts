export interface RecoveryInfo {
  /** Backups and archive are in order, in its own words `status`. */
  readonly isReady: boolean
  readonly status: string
  /** Oldest first; `finishedAt` is ISO 8601, UTC. */
  readonly backups: readonly { readonly label: string; readonly type: string; readonly finishedAt: string }[]
  /** Names of the oldest and the newest file of the log in the archive, or null. */
  readonly archivedFrom: string | null
  readonly archivedTo: string | null
}

/** Backups with an archive of the log, from which a database can be had as it was at any point. */
export interface PointInTimeRecovery {
  info(): Promise<RecoveryInfo>
  /**
   * Puts the database as it was at the point of that name (`Database.restorePoint`) into a new folder, ready to be started there; the running
   * one is not touched. Errors `restore-folder-taken`, `pgbackrest-failed`. A point that the archive does not reach shows when it is started.
   */
  restoreBeside(ask: { readonly folder: string; readonly point: string }): Promise<void>
}
