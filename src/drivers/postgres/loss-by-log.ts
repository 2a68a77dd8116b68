import { walBytesBetween } from '../../domain/data/lsn.ts'
import type { DatabaseMark, DataLoss, TableLoss } from '../../ports/database.ts'
import { type NamedFile, nameFiles } from './file-nodes.ts'
import type { PostgresHost } from './host.ts'
import type { LossAsk } from './loss.ts'
import { dumpWal } from './wal-dump.ts'
import { keyOf, TallyTooLarge, type WalTally, walTally } from './wal-tally.ts'

/**
 * Counts transaction by transaction what the log says was committed: aborted work is not in it, and neither a crash nor a reset of the
 * statistics matters. A string says why the log cannot be used.
 */
export async function lossByLog(host: PostgresHost, ask: LossAsk): Promise<DataLoss | string> {
  const { mark, from, present } = ask
  const tally = walTally({ from, firstNewXid: mark.xid })
  try {
    const stretch = { timeline: present.timeline, from: mark.logFrom, until: present.until }
    const why = await dumpWal(host, stretch, tally.add)
    if (why !== null) return why
  } catch (error) {
    if (error instanceof TallyTooLarge) return 'too many transactions were open at once'
    throw error
  }
  const names = await nameFiles(
    host,
    present.databases,
    [...tally.files.values()].map(({ file }) => file),
  )
  return { ...summarize(tally, ask, names), ...judge(tally, ask) }
}

function summarize(tally: WalTally, { mark, from, present }: LossAsk, names: ReadonlyMap<string, NamedFile>) {
  const isUsers = (key: string) => names.get(key)?.kind !== 'other'
  const written = tally.commits().filter(({ files }) => files.some((file) => isUsers(keyOf(file))))
  const lastWriteAt =
    written
      .map(({ lastAt }) => lastAt)
      .sort()
      .at(-1) ?? null
  return {
    since: from,
    until: present.until,
    walBytes: Math.max(0, walBytesBetween(from, present.until)),
    transactions: written.reduce((sum, { count }) => sum + count, 0),
    commits: tally.commitCount,
    xids: Math.max(0, present.nextXid - mark.xid - 1),
    tables: tableLosses(tally, names, namesAtMark(mark, present.databases)),
    lastWriteAt,
    source: 'log' as const,
  }
}

function tableLosses(
  tally: WalTally,
  names: ReadonlyMap<string, NamedFile>,
  before: ReadonlyMap<string, TableLoss>,
): readonly TableLoss[] {
  const losses = new Map<string, { -readonly [key in keyof TableLoss]: TableLoss[key] }>()
  for (const [key, { file, counts }] of tally.files) {
    const named = names.get(key)
    const table = named?.kind === 'table' ? named : before.get(nodeKey(file.database, file.node))
    // Made and dropped since the mark: nothing of it is there to be lost.
    if (table === undefined || named?.kind === 'other') continue
    const id = `${table.database}\n${table.name}`
    const loss = losses.get(id) ?? { database: table.database, name: table.name, inserted: 0, updated: 0, deleted: 0 }
    losses.set(id, loss)
    loss.inserted += counts.inserted
    loss.updated += counts.updated
    loss.deleted += counts.deleted
  }
  return [...losses.values()].sort((a, b) => size(b) - size(a) || a.name.localeCompare(b.name))
}

function judge({ dropped, olderCommits }: WalTally, { mark, present }: LossAsk) {
  const before = namesAtMark(mark, present.databases)
  const rewritten = [...dropped.values()].flatMap(({ database, node }) => before.get(nodeKey(database, node)) ?? [])
  const why = [
    ...rewritten.map(
      ({ database, name }) =>
        `${database}.${name} was dropped, truncated or rewritten since: its rows from before are not counted`,
    ),
    ...(olderCommits === 0
      ? []
      : [`${olderCommits} transactions were open when the mark was made: what they wrote before it is not counted`]),
  ]
  const isExact = why.length === 0
  const bound = isExact ? 'exact' : rewritten.length > 0 ? 'about' : 'at-least'
  return { isExact, bound, reservations: [...why, ...unlogged(mark)] } as const
}

/** Never in any log; a server empties them when it starts after a crash, and a snapshot starts like that. */
export function unlogged({ facts }: DatabaseMark): readonly string[] {
  return facts.unloggedTables.map((name) => `${name} is unlogged: it is empty in every snapshot`)
}

function namesAtMark({ facts }: DatabaseMark, databases: ReadonlyMap<number, string>): ReadonlyMap<string, TableLoss> {
  const oids = new Map([...databases].map(([oid, name]) => [name, oid]))
  return new Map(
    facts.tables.map(({ database, name, fileNode }) => [
      nodeKey(oids.get(database) ?? 0, fileNode),
      { database, name, inserted: 0, updated: 0, deleted: 0 },
    ]),
  )
}

function nodeKey(database: number, node: number): string {
  return `${database}/${node}`
}

function size({ inserted, updated, deleted }: TableLoss): number {
  return inserted + updated + deleted
}
