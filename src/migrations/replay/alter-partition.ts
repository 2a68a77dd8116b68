import type { Table } from '../catalog/types.ts'
import { as, type NodeOf } from '../sql/node.ts'
import { addChild } from './create-table.ts'
import { copyForeignKeys } from './like-table.ts'
import { putTable } from './put.ts'
import type { Replay } from './replay.ts'
import { currentTable, needTable } from './resolve.ts'

type Cmd = NodeOf<'AlterTableCmd'>

/** Reads the whole partition unless a valid CHECK says what the bound will. */
export function attachPartition(replay: Replay, table: Table, cmd: Cmd): void {
  const partition = needTable(replay, as(cmd.def, 'PartitionCmd')?.name ?? {})
  if (partition === null) return
  const isEmpty = !partition.hasRows && replay.catalog.relations.before(partition.oid) === undefined
  const isProved = isEmpty || partition.constraints.some(({ kind, isValid }) => kind === 'check' && isValid)
  replay.record.lock(partition.oid, 'AccessExclusive')
  if (!isProved) replay.record.scan(partition.oid)
  replay.record.change({ kind: 'attach-partition', table, partition, isProved })
  addChild(replay, table.oid, partition.oid)
  putTable(replay, { ...partition, parents: [...partition.parents, table.oid], isPartition: true })
  // It must have every CHECK already; foreign keys it gets.
  for (const constraint of copyForeignKeys(replay, table, partition)) {
    const target = constraint.references === null ? null : (currentTable(replay, constraint.references) ?? null)
    if (target !== null) replay.record.lock(target.oid, 'ShareRowExclusive')
    const now = currentTable(replay, partition.oid) ?? partition
    replay.record.scan(partition.oid)
    replay.record.change({
      kind: 'add-constraint',
      table: now,
      constraint,
      usingIndex: false,
      target,
      withColumn: false,
    })
  }
}

export function detachPartition(replay: Replay, table: Table, cmd: Cmd): void {
  const part = as(cmd.def, 'PartitionCmd')
  const partition = needTable(replay, part?.name ?? {})
  if (partition === null) return
  const isConcurrent = part?.concurrent === true || cmd.subtype === 'AT_DetachPartitionFinalize'
  replay.record.lock(partition.oid, isConcurrent ? 'ShareUpdateExclusive' : 'AccessExclusive')
  replay.record.change({ kind: 'detach-partition', table, partition, isConcurrent })
  replay.children.set(
    table.oid,
    (replay.children.get(table.oid) ?? []).filter((oid) => oid !== partition.oid),
  )
  putTable(replay, { ...partition, parents: partition.parents.filter((oid) => oid !== table.oid), isPartition: false })
}
