import { walBytesBetween } from '../../domain/data/lsn.ts'
import type { DataLoss, TableCounters, TableLoss } from '../../ports/database.ts'
import { readFacts } from './facts.ts'
import type { PostgresHost } from './host.ts'
import type { LossAsk } from './loss.ts'
import { unlogged } from './loss-by-log.ts'

const KEEP_HINT =
  'wal_keep_size in postgresql.conf keeps enough of the log for an exact count; --export-lost compares row by row'

/**
 * What the statistics say when the log is gone. They count aborted work too, and lag behind sessions that still run, so the truth is at most
 * what they say; unless a crash or a person reset them: then nothing is known but how much was written.
 */
export async function lossByCounters(
  host: PostgresHost,
  { mark, from, present }: LossAsk,
  why: string,
): Promise<DataLoss> {
  const now = await readFacts(host)
  const xids = Math.max(0, present.nextXid - mark.xid - 1)
  const wereReset = now.countersSince !== mark.facts.countersSince
  const { tables, rewritten } = wereReset ? { tables: [], rewritten: [] } : compare(mark.facts.tables, now.tables)
  return {
    since: from,
    until: present.until,
    walBytes: Math.max(0, walBytesBetween(from, present.until)),
    transactions: xids,
    commits: xids,
    xids,
    tables,
    lastWriteAt: null,
    source: wereReset ? 'none' : 'counters',
    isExact: false,
    bound: rewritten.length > 0 ? 'about' : 'at-most',
    reservations: [
      `the log cannot be counted: ${why}`,
      wereReset
        ? "the server's counters were reset since the mark, by a crash or by a person: rows are unknown, transactions are at most the ids given out"
        : "from the server's counters: aborted work is counted too, transactions are all ids given out, the last write's time is unknown",
      ...rewritten.map(
        (name) => `${name} was dropped, truncated or rewritten since: its rows from before are not counted`,
      ),
      KEEP_HINT,
      ...unlogged(mark),
    ],
  }
}

function compare(before: readonly TableCounters[], now: readonly TableCounters[]) {
  const known = new Map(before.map((table) => [id(table), table]))
  const tables: TableLoss[] = now.map((table) => {
    const old = known.get(id(table))
    return {
      database: table.database,
      name: table.name,
      inserted: Math.max(0, table.inserted - (old?.inserted ?? 0)),
      updated: Math.max(0, table.updated - (old?.updated ?? 0)),
      deleted: Math.max(0, table.deleted - (old?.deleted ?? 0)),
    }
  })
  const present = new Map(now.map((table) => [id(table), table]))
  return {
    tables: tables.filter((one) => total(one) > 0).sort((a, b) => total(b) - total(a) || a.name.localeCompare(b.name)),
    rewritten: before.filter((table) => present.get(id(table))?.fileNode !== table.fileNode).map(id),
  }
}

function id({ database, name }: { readonly database: string; readonly name: string }): string {
  return `${database}.${name}`
}

function total({ inserted, updated, deleted }: TableLoss): number {
  return inserted + updated + deleted
}
