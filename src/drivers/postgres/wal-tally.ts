import { type Lsn, parseLsn, walBytesBetween } from '../../domain/data/lsn.ts'
import type { FileNode, RowChange, WalEvent, WalLine } from './wal-record.ts'

export type RowCounts = Record<RowChange, number>

interface FileCounts {
  readonly file: FileNode
  readonly counts: RowCounts
}

/** What the committed transactions of a stretch of the log did, by file. */
export interface WalTally {
  /** Called for each line of the log in order. */
  add(line: WalLine): void
  commits(): readonly CommittedChanges[]
  readonly files: ReadonlyMap<string, FileCounts>
  readonly dropped: ReadonlyMap<string, FileNode>
  /** Commits by transactions that were older than the first line: they may have written before it. */
  readonly olderCommits: number
  readonly commitCount: number
}

/** How many commits touched exactly these files, and when the last of them was. Few sets are ever different: memory stays small. */
export interface CommittedChanges {
  readonly files: readonly FileNode[]
  count: number
  lastAt: string
}

/** Bound on the memory of a log with many open transactions or many tables: beyond it, counters are used instead. */
const MAX_OPEN = 200_000

export class TallyTooLarge extends Error {}

/** Counts commits at or after `from`; changes are counted from the first line on, and belong to the transaction that commits them. */
export function walTally({ from, firstNewXid }: { readonly from: Lsn; readonly firstNewXid: number }): WalTally {
  const open = new Map<number, Map<string, FileCounts>>()
  const files = new Map<string, FileCounts>()
  const dropped = new Map<string, FileNode>()
  const sets = new Map<string, CommittedChanges>()
  let olderCommits = 0
  let commitCount = 0

  return {
    add({ lsn, event }) {
      if (event?.kind === 'rows') addRows(event)
      if (event?.kind === 'abort') for (const xid of event.xids) open.delete(xid)
      if (event?.kind === 'commit') commit(event, walBytesBetween(from, parseLsn(lsn)) >= 0)
    },
    commits: () => [...sets.values()],
    files,
    dropped,
    get olderCommits() {
      return olderCommits
    },
    get commitCount() {
      return commitCount
    },
  }

  function addRows({ xid, file, change, count }: Extract<WalEvent, { kind: 'rows' }>): void {
    const changes = open.get(xid) ?? new Map<string, FileCounts>()
    open.set(xid, changes)
    if (open.size > MAX_OPEN) throw new TallyTooLarge()
    countRows(changes, file, change, count)
  }

  function commit({ xids, at, dropped: gone }: Extract<WalEvent, { kind: 'commit' }>, isLost: boolean): void {
    const touched = new Map<string, FileNode>()
    for (const xid of xids) {
      for (const [key, { file, counts }] of isLost ? (open.get(xid) ?? []) : []) {
        touched.set(key, file)
        for (const change of ['inserted', 'updated', 'deleted'] as const) countRows(files, file, change, counts[change])
      }
      open.delete(xid)
    }
    if (!isLost) return
    commitCount++
    if (isOlder(xids[0] ?? 0)) olderCommits++
    for (const file of gone) dropped.set(keyOf(file), file)
    const key = [...touched.keys()].sort().join(' ')
    const set = sets.get(key) ?? { files: [...touched.values()], count: 0, lastAt: '' }
    sets.set(key, set)
    set.count++
    if (at > set.lastAt) set.lastAt = at
  }

  /** Ids in the log have 32 bits and go round; older means at most half way round behind (access/transam.h, TransactionIdPrecedes). */
  function isOlder(xid: number): boolean {
    return ((xid - firstNewXid) | 0) < 0
  }
}

export function keyOf({ tablespace, database, node }: FileNode): string {
  return `${tablespace}/${database}/${node}`
}

function countRows(into: Map<string, FileCounts>, file: FileNode, change: RowChange, count: number): void {
  const key = keyOf(file)
  const entry = into.get(key) ?? { file, counts: { inserted: 0, updated: 0, deleted: 0 } }
  into.set(key, entry)
  entry.counts[change] += count
}
