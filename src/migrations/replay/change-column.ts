import type { Column, Table } from '../catalog/types.ts'
import { putTable } from './put.ts'
import type { Replay } from './replay.ts'
import { currentTable } from './resolve.ts'

/** The column as a changed record; nothing when the table lost it meanwhile. */
export function changeColumn(replay: Replay, table: Table, id: number, change: Partial<Column>): void {
  const current = currentTable(replay, table.oid)
  if (current === undefined) return
  putTable(replay, { ...current, columns: current.columns.map((one) => (one.id === id ? { ...one, ...change } : one)) })
}
