import { type Lsn, parseLsn } from '../../domain/data/lsn.ts'
import type { DatabaseMark } from '../../ports/database.ts'
import { type PostgresHost, runTool } from './host.ts'
import { psqlJson } from './psql.ts'

const LIMIT_MS = 120_000

/**
 * The snapshot's exact moment in the log. A copy of a running server ends its recovery by writing a checkpoint right where the copied log
 * ended, and a copy of a stopped one begins after such a record: the first of them behind the mark is the place. Null when it is not
 * there, for instance because the log of the copy was recycled since.
 */
export async function recoveredTo(host: PostgresHost, mark: DatabaseMark): Promise<Lsn | null> {
  const { until, files } = await psqlJson<{ readonly until: string; readonly files: readonly string[] }>(host, {
    script: STANDS,
    values: { from: mark.facts.walLsn },
  })
  // Asked beforehand: pg_waldump looks for a file for five seconds before it says that there is none.
  if (!files.some((name) => Number.parseInt(name.slice(0, 8), 16) === mark.facts.timeline)) return null
  const { stdout } = await runTool(
    host,
    'pg_waldump',
    [
      `--path=${host.config.dataFolder}/pg_wal`,
      `--timeline=${mark.facts.timeline}`,
      `--start=${mark.facts.walLsn}`,
      `--end=${until}`,
      '--rmgr=XLOG',
    ],
    { timeoutMs: LIMIT_MS },
  )
  const line = stdout.split('\n').find((one) => /desc: (CHECKPOINT_SHUTDOWN|END_OF_RECOVERY)/.test(one))
  const place = /lsn: ([0-9A-F]+\/[0-9A-F]+)/.exec(line ?? '')?.[1]
  return place === undefined ? null : parseLsn(place)
}

/** Files have the same name on every timeline, but for its first eight digits. */
const STANDS = `
CHECKPOINT;
SELECT json_build_object('until', pg_current_wal_flush_lsn(), 'files', (
  SELECT coalesce(json_agg(name), '[]') FROM pg_ls_waldir() WHERE substr(name, 9) = substr(pg_walfile_name(:'from'), 9)));`
