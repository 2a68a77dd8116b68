import type { Column, Table } from '../catalog/types.ts'
import { indexesOf, putTable, removeRelation } from './put.ts'
import { indexUses } from './rename-in-expressions.ts'
import type { Replay } from './replay.ts'
import { currentTable } from './resolve.ts'
import { dropOwnedSequences } from './sequences.ts'

/** Takes a column out of its table, with its indexes, constraints and sequences. */
export function removeColumn(replay: Replay, { oid }: Table, column: Column): void {
  for (const index of indexesOf(replay, oid)) {
    if (!indexUses(index, column)) continue
    replay.record.lock(index.oid, 'AccessExclusive')
    removeRelation(replay, index)
  }
  const table = currentTable(replay, oid)
  if (table === undefined) return
  const gone = table.constraints.filter(({ columns }) => columns.includes(column.id))
  for (const { references } of gone) if (references !== null) replay.record.lock(references, 'AccessExclusive')
  putTable(replay, {
    ...table,
    columns: table.columns.filter(({ id }) => id !== column.id),
    constraints: table.constraints.filter((one) => !gone.includes(one)),
  })
  dropOwnedSequences(replay, table, column)
}
