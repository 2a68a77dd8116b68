import type { Backup } from '../domain/data/backup.ts'
import type { Lsn } from '../domain/data/lsn.ts'
import type { OperationId } from '../domain/ids.ts'
import type { Shortcoming } from './shortcoming.ts'

/** A named place in the log of one server, on one of its timelines. */
export interface RecoveryPoint {
  readonly name: string
  /** Right behind the record of that name. */
  readonly lsn: Lsn
  readonly timeline: number
  /** As `DatabaseFacts.systemId`. */
  readonly systemId: string
}

/** What a recovery to a point takes. Plain data. */
export interface RecoveryLook {
  /** The newest backup that ended before the point. */
  readonly backup: Backup
  /** Between the end of the backup and the point: this much is replayed. */
  readonly logBytes: number
  /** Where the data is recovered to. */
  readonly freeBytes: number
  /** False: the file of the log that the point lies in is being written still; `archive` sees to it. */
  readonly isArchived: boolean
}

/**
 * Backups with an archive of the log, from which a database can be had as it was at a point. It is recovered in a folder of the operation's own beside
 * the data of one instance, because a copy of the instance has no network and may not reach the repository. The suite is
 * `test/contract/point-in-time-recovery.ts`.
 *
 * Nothing here touches the data that the server of the instance works on, but `takePlace`, which is for a copy. Error of each when the tool fails:
 * `pgbackrest-failed`.
 */
export interface PointInTimeRecovery {
  /** What would keep it from giving anything back: no repository, no backup, a log that is not archived. The server must run. */
  shortcomings(): Promise<readonly Shortcoming[]>
  /**
   * Whether the point can be reached, and what that takes. Changes nothing; the server must run. Bounded: 5 min. Errors (kind `refused`):
   * `recovery-unreachable`, `recovery-no-stanza`, `recovery-no-backup` (none that ended before the point), `recovery-not-archived` (the archive lags),
   * `recovery-tablespaces`, `no-room`.
   */
  look(point: RecoveryPoint): Promise<RecoveryLook>
  /** Ends the file of the log that the point lies in when it is being written still, and waits until the archive has it: 60 s, then `recovery-not-archived`. */
  archive(point: RecoveryPoint): Promise<void>
  /**
   * The database as it was at the point, in the operation's folder, stopped cleanly, on a new timeline of its log that no archive has yet. What an earlier
   * try left there, and what other operations left, is ended and removed first. Repeatable, from the beginning. The settings are the live server's of now.
   * Error `recovery-failed` with the last lines of its log.
   */
  recover(ask: {
    readonly point: RecoveryPoint
    readonly backup: string
    readonly operation: OperationId
  }): Promise<{ readonly timeline: number }>
  /**
   * In a copy of the instance: what was recovered becomes the server's data, and what was is removed. Stops the server; it is not started. Repeatable
   * from every point at which it died. Error `recovery-lost` when the data is not the one on that timeline then.
   */
  takePlace(ask: { readonly operation: OperationId; readonly timeline: number }): Promise<void>
  /** Ends what still works on the operation's folder and removes it. Gone already is fine. */
  remove(operation: OperationId): Promise<void>
}
