import { type Lsn, parseLsn, walBytesBetween } from '../../domain/data/lsn.ts'
import { BackflipError } from '../../domain/errors.ts'
import type { DatabaseMark, DataLoss } from '../../ports/database.ts'
import { type PostgresHost, placeOf } from './host.ts'
import { lossByCounters } from './loss-by-counters.ts'
import { lossByLog } from './loss-by-log.ts'
import { readMarker } from './marker.ts'
import { psqlJson } from './psql.ts'

const MAX_WAL_BYTES = 1024 ** 3

/** Where the server is now, and what the numbers of the log are called. */
export interface Present {
  readonly systemId: string
  readonly timeline: number
  /** All that was committed before we asked is before it, and it is on disk. */
  readonly until: Lsn
  readonly nextXid: number
  /** Whether the file of the log that the mark begins in is still on disk. */
  readonly hasLog: boolean
  readonly databases: ReadonlyMap<number, string>
}

/** What the counts have in common, whichever way they are made. */
export interface LossAsk {
  readonly mark: DatabaseMark
  readonly from: Lsn
  readonly present: Present
}

export async function lossSince(
  host: PostgresHost,
  mark: DatabaseMark,
  ask: { readonly from?: Lsn; readonly maxWalBytes?: number } = {},
): Promise<DataLoss> {
  const present = await readPresent(host, mark)
  await assertSameHistory(host, mark, present)
  const lossAsk: LossAsk = { mark, present, from: ask.from ?? mark.facts.walLsn }
  const why = whyNotTheLog(lossAsk, ask.maxWalBytes ?? MAX_WAL_BYTES)
  if (why !== null) return lossByCounters(host, lossAsk, why)
  const counted = await lossByLog(host, lossAsk)
  return typeof counted === 'string' ? lossByCounters(host, lossAsk, counted) : counted
}

function whyNotTheLog({ mark, present }: LossAsk, maxWalBytes: number): string | null {
  if (present.timeline !== mark.facts.timeline) {
    return `the server went from timeline ${mark.facts.timeline} to ${present.timeline}, and its log with it`
  }
  // Asked beforehand: pg_waldump looks for a file for five seconds before it says that there is none.
  if (!present.hasLog) return 'its files are gone after two checkpoints'
  const bytes = walBytesBetween(mark.logFrom, present.until)
  return bytes > maxWalBytes ? `the log since then has ${bytes} bytes, and ${maxWalBytes} are read` : null
}

/**
 * The log is written out a moment after commits that do not wait for it (synchronous_commit=off); the server's walwriter does it within
 * 0.6 s. Right at the start of a page the place for the next record is behind the page's head, at most 40 bytes, and the flushed place is
 * not: waiting for equality would never end.
 */
const PRESENT = `
SELECT pg_current_wal_insert_lsn() AS lsn \\gset
SELECT set_config('backflip.lsn', :'lsn', false) \\g /dev/null
DO $$ BEGIN
  FOR i IN 1..60 LOOP
    EXIT WHEN pg_wal_lsn_diff(current_setting('backflip.lsn')::pg_lsn, pg_current_wal_flush_lsn()) <= 40;
    PERFORM pg_sleep(0.05);
  END LOOP;
END $$;
SELECT json_build_object(
  'systemId', (SELECT system_identifier::text FROM pg_control_system()),
  'timeline', ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int,
  'until', pg_current_wal_flush_lsn(),
  'hasLog', (SELECT pg_walfile_name(:'logFrom') IN (SELECT name FROM pg_ls_waldir())),
  'nextXid', pg_snapshot_xmax(pg_current_snapshot())::text::bigint,
  'databases', (SELECT json_agg(json_build_array(oid::bigint, datname)) FROM pg_database
    WHERE datallowconn AND NOT datistemplate));`

async function readPresent(host: PostgresHost, { logFrom }: DatabaseMark): Promise<Present> {
  const present = await psqlJson<{
    systemId: string
    timeline: number
    until: string
    nextXid: number
    hasLog: boolean
    databases: readonly (readonly [number, string])[]
  }>(host, { script: PRESENT, values: { logFrom } })
  return { ...present, until: parseLsn(present.until), databases: new Map(present.databases) }
}

/** Numbers from another server, or from a history that this one has left, would be wrong without looking wrong. */
async function assertSameHistory(host: PostgresHost, mark: DatabaseMark, present: Present): Promise<void> {
  const at = present.systemId === mark.facts.systemId ? await readMarker(host, mark.name) : null
  if (at === mark.at) return
  throw new BackflipError(`the mark ${mark.name} was not made in what ${placeOf(host)} holds now`, {
    code: 'database-mark-unknown',
    kind: 'refused',
    details: [
      `marked: server ${mark.facts.systemId}, ${mark.at}`,
      `found: server ${present.systemId}, ${at ?? 'no such marker'}`,
      'nothing was changed',
    ],
    hint: 'the database was restored to a time before the mark, or replaced; take an older snapshot',
  })
}
