import type { Table } from '../catalog/types.ts'
import type { Node, NodeOf } from '../sql/node.ts'
import { as } from '../sql/node.ts'
import { isAlwaysTrue } from './expressions.ts'
import { indexesOf, putTable } from './put.ts'
import type { Replay } from './replay.ts'
import { currentTable, needTable } from './resolve.ts'
import { readsOf } from './views.ts'

/** INSERT, UPDATE, DELETE, MERGE, COPY: no reader waits, writers of the same rows do. */
export function changeRows(
  replay: Replay,
  range: NodeOf<'RangeVar'> | undefined,
  by: 'insert' | 'update' | 'delete',
  isWhole: boolean,
): void {
  if (range === undefined) return
  const table = needTable(replay, range)
  if (table === null) return
  replay.record.lock(table.oid, 'RowExclusive')
  if (isWhole) replay.record.scan(table.oid)
  replay.record.change({ kind: 'change-rows', table, by, isWhole })
  const current = currentTable(replay, table.oid)
  if (by === 'insert' && current !== undefined && !current.hasRows) putTable(replay, { ...current, hasRows: true })
}

export function insert(replay: Replay, node: NodeOf<'InsertStmt'>): void {
  changeRows(replay, node.relation, 'insert', false)
  const select = as(node.selectStmt, 'SelectStmt')
  if (select?.fromClause !== undefined) lockReads(replay, node.selectStmt)
}

export function update(replay: Replay, node: NodeOf<'UpdateStmt'>): void {
  changeRows(replay, node.relation, 'update', node.fromClause === undefined && isAlwaysTrue(node.whereClause))
  lockReads(replay, node.fromClause)
  lockReads(replay, node.whereClause)
}

export function deleteRows(replay: Replay, node: NodeOf<'DeleteStmt'>): void {
  changeRows(replay, node.relation, 'delete', node.usingClause === undefined && isAlwaysTrue(node.whereClause))
  lockReads(replay, node.usingClause)
  lockReads(replay, node.whereClause)
}

export function lockReads(
  replay: Replay,
  query: Node | readonly Node[] | undefined,
  mode: 'AccessShare' | 'RowShare' = 'AccessShare',
): void {
  if (query === undefined) return
  for (const oid of readsOf(replay, query as Node)) replay.record.lock(oid, mode)
}

export function truncate(replay: Replay, node: NodeOf<'TruncateStmt'>): void {
  const isCascade = node.behavior === 'DROP_CASCADE'
  for (const one of node.relations ?? []) {
    const table = needTable(replay, as(one, 'RangeVar') ?? {})
    if (table !== null) empty(replay, table, isCascade, new Set())
  }
}

function empty(replay: Replay, table: Table, isCascade: boolean, done: Set<number>): void {
  if (done.has(table.oid)) return
  done.add(table.oid)
  replay.record.lock(table.oid, 'AccessExclusive')
  replay.record.rewrite(table.oid)
  for (const index of indexesOf(replay, table.oid)) {
    replay.record.lock(index.oid, 'AccessExclusive')
    replay.record.rewrite(index.oid)
  }
  replay.record.change({ kind: 'truncate', table, isCascade })
  if (!isCascade) return
  for (const relation of replay.catalog.relations.values()) {
    if (relation.kind === 'table' && relation.constraints.some(({ references }) => references === table.oid))
      empty(replay, relation, true, done)
  }
}
