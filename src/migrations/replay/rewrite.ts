import type { Table } from '../catalog/types.ts'
import { indexesOf } from './put.ts'
import type { Replay } from './replay.ts'

/** The table's file and its indexes are written anew, everybody waits. An index on a changed column is made again, as another index. */
export function rewriteTable(replay: Replay, table: Table, changedColumn: number | null = null): void {
  replay.record.lock(table.oid, 'AccessExclusive')
  replay.record.rewrite(table.oid)
  replay.record.scan(table.oid)
  for (const index of indexesOf(replay, table.oid)) {
    replay.record.lock(index.oid, 'AccessExclusive')
    if (changedColumn === null || !index.keys.some(({ column }) => column === changedColumn))
      replay.record.rewrite(index.oid)
  }
}
