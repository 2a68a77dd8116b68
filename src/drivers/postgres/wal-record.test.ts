import { describe, expect, it } from 'vitest'
import { parseLsn } from '../../domain/data/lsn.ts'
import { parseWalLine } from './wal-record.ts'
import { walTally } from './wal-tally.ts'

const line = (manager: string, tx: number, lsn: string, desc: string) =>
  `rmgr: ${manager.padEnd(11)} len (rec/tot):     61/    61, tx:        ${tx}, lsn: ${lsn}, prev 0/01778410, desc: ${desc}`
const T = 'blkref #0: rel 1663/5/16387 blk 0'
const file = { tablespace: 1663, database: 5, node: 16387 }

describe('a line of pg_waldump', () => {
  it.each([
    ['INSERT+INIT off 1 flags 0x00, ', 'Heap', 'inserted', 1],
    ['HOT_UPDATE off 1 xmax 729 flags 0x20 ; new off 7 xmax 0, ', 'Heap', 'updated', 1],
    ['UPDATE+INIT off 2 xmax 9 flags 0x00 ; new off 1 xmax 0, ', 'Heap', 'updated', 1],
    ['DELETE off 3 flags 0x00 KEYS_UPDATED , ', 'Heap', 'deleted', 1],
    // 15, and the words of 16 and later.
    ['MULTI_INSERT 3 tuples flags 0x02, ', 'Heap2', 'inserted', 3],
    ['MULTI_INSERT+INIT ntuples: 12, flags: 0x02, offsets: [1, 2], ', 'Heap2', 'inserted', 12],
    ['DELETE xmax: 9, off: 3, infobits: [KEYS_UPDATED], flags: 0x00, ', 'Heap', 'deleted', 1],
    // An insert that lost against another one takes itself back.
    ['DELETE off 3 flags 0x08 KEYS_UPDATED , ', 'Heap', 'inserted', -1],
  ])('%s', (desc, manager, change, count) => {
    expect(parseWalLine(line(manager, 727, '0/017783D0', desc + T))).toEqual({
      lsn: '0/017783D0',
      event: { kind: 'rows', xid: 727, file, change, count },
    })
  })

  it('a commit names its time, its subtransactions and the files that went with it', () => {
    const desc =
      'COMMIT 2026-11-25 04:02:08.081005 UTC; rels: base/5/16384 pg_tblspc/16400/PG_15_202209061/5/16390; subxacts: 735 736; inval msgs: catcache 55'
    expect(parseWalLine(line('Transaction', 733, '0/1', desc))?.event).toEqual({
      kind: 'commit',
      xids: [733, 735, 736],
      at: '2026-11-25T04:02:08.081005Z',
      dropped: [
        { tablespace: 1663, database: 5, node: 16384 },
        { tablespace: 16400, database: 5, node: 16390 },
      ],
    })
    const prepared = 'COMMIT_PREPARED 740: 2026-11-25 04:02:08.081005 UTC'
    expect(parseWalLine(line('Transaction', 0, '0/1', prepared))?.event).toMatchObject({ kind: 'commit', xids: [740] })
  })

  it.each([
    line('Heap', 738, '0/1', `LOCK off 7: xid 738: flags 0x00 LOCK_ONLY EXCL_LOCK KEYS_UPDATED , ${T}`),
    line('Heap', 737, '0/1', `HEAP_CONFIRM off 14, ${T}`),
    line('Heap2', 0, '0/1', `PRUNE latestRemovedXid 0 nredirected 0 ndead 1, ${T}`),
    line('Transaction', 9, '0/1', 'PREPARE gid x: 2026-11-25 04:02:08.081005 UTC'),
  ])('is counted for nothing: %s', (text) => expect(parseWalLine(text)).toEqual({ lsn: '0/1', event: null }))

  it.each(['', 'pg_waldump: error: x', 'rmgr: Heap'])('is none: %j', (text) => expect(parseWalLine(text)).toBeNull())
})

describe('transactions of a stretch of the log', () => {
  it('a transaction counts by its commit: what it wrote before the copy is lost when it committed after it', () => {
    const tally = walTally({ from: parseLsn('0/200'), firstNewXid: 700 })
    const lines = [
      line('Heap', 701, '0/100', `INSERT off 1 flags 0x00, ${T}`),
      line('Heap', 702, '0/110', `INSERT off 2 flags 0x00, ${T}`),
      line('Transaction', 701, '0/120', 'COMMIT 2026-11-25 04:02:08.000001 UTC'),
      line('Transaction', 702, '0/210', 'COMMIT 2026-11-25 04:02:09.000001 UTC'),
      line('Heap', 703, '0/220', `DELETE off 2 flags 0x00 , ${T}`),
      line('Transaction', 703, '0/230', 'ABORT 2026-11-25 04:02:10.000001 UTC'),
    ]
    for (const text of lines) tally.add(parseWalLine(text) ?? { lsn: '', event: null })
    expect([...tally.files.values()]).toEqual([{ file, counts: { inserted: 1, updated: 0, deleted: 0 } }])
    expect(tally.commits()).toEqual([{ files: [file], count: 1, lastAt: '2026-11-25T04:02:09.000001Z' }])
    expect(tally.olderCommits).toBe(0)
  })

  it('ids in the log go round at 32 bits, and are still told older from newer', () => {
    const tally = walTally({ from: parseLsn('0/0'), firstNewXid: 2 ** 32 * 3 + 5 })
    for (const xid of [2 ** 32 - 10, 4, 6, 2 ** 31])
      tally.add({ lsn: '0/1', event: { kind: 'commit', xids: [xid], at: '', dropped: [] } })
    expect(tally.olderCommits).toBe(2)
  })
})
