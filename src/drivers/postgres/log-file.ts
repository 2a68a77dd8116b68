import { refusal } from '../../domain/errors.ts'
import type { RecoveryPoint } from '../../ports/point-in-time-recovery.ts'
import type { PostgresHost } from './host.ts'
import { psqlJson } from './psql.ts'

export interface Archiver {
  readonly archives: boolean
  /** Of the last file that could not be archived, when none was archived since. */
  readonly failed: string | null
}

/** The file of the log that a point lies in, on the point's timeline, and how archiving does. */
export interface LogFile extends Archiver {
  readonly name: string
  /** The server writes into it now, so that it cannot have been archived. */
  readonly isBeingWritten: boolean
}

/** The server names files of its own timeline; of a name the first eight digits are the timeline. */
export async function logFileOf(host: PostgresHost, { lsn, timeline }: RecoveryPoint): Promise<LogFile> {
  const { place, writing } = await psqlJson<{ readonly place: string; readonly writing: string }>(host, {
    script: FILE,
    values: { lsn },
  })
  const name = `${digitsOf(timeline)}${place}`
  return { name, isBeingWritten: name === writing, ...(await archiverOf(host)) }
}

/** Says where a timeline left the one before it. */
export function historyFile(timeline: number): string {
  return `${digitsOf(timeline)}.history`
}

function digitsOf(timeline: number): string {
  return timeline.toString(16).toUpperCase().padStart(8, '0')
}

export function archiverOf(host: PostgresHost): Promise<Archiver> {
  return psqlJson<Archiver>(host, { script: ARCHIVER })
}

const FILE = `
SELECT json_build_object(
  'place', substr(pg_walfile_name(:'lsn'), 9),
  'writing', pg_walfile_name(pg_current_wal_insert_lsn())
);`

const ARCHIVER = `
SELECT json_build_object(
  'archives', current_setting('archive_mode') <> 'off' AND current_setting('archive_command') <> '',
  'failed', (SELECT last_failed_wal || ' at ' || last_failed_time FROM pg_stat_archiver
    WHERE last_failed_time > coalesce(last_archived_time, '-infinity'))
);`

/** Error `recovery-not-archived`: the file is complete, or nobody archives it. */
export function mustNotLag(file: LogFile, point: RecoveryPoint): void {
  if (!file.isBeingWritten || !file.archives) throw lagging(file, point)
}

export function lagging({ name, archives, failed }: LogFile, { name: point }: RecoveryPoint): Error {
  return refusal(`the archive does not have the log up to the restore point ${point} yet`, {
    code: 'recovery-not-archived',
    details: [`it lies in ${name}`, ...lacksOf({ archives, failed }), 'nothing was changed'],
    hint: 'pgbackrest check, with the same stanza; then the same command again',
  })
}

/** What keeps the log out of the archive, one fact a line. */
export function lacksOf({ archives, failed }: Archiver): readonly string[] {
  return [
    ...(archives ? [] : ['the server does not archive its log: archive_mode, archive_command']),
    ...(failed === null ? [] : [`archiving failed last for ${failed}`]),
  ]
}
