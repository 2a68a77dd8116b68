import { LOCK_MODES, type LockMode } from '../../domain/lock-mode.ts'
import type { Relation, Table } from '../catalog/types.ts'
import { as, type Node, type NodeOf, texts } from '../sql/node.ts'
import { indexesOf, putTable } from './put.ts'
import type { Replay } from './replay.ts'
import { findRelation, needTable } from './resolve.ts'
import { rewriteTable } from './rewrite.ts'

/** Statements that change no shape, but lock: triggers, policies, VACUUM, REINDEX, CLUSTER, REFRESH, COMMENT, GRANT, LOCK … */

export function createTrigger(replay: Replay, node: NodeOf<'CreateTrigStmt'>): void {
  const relation = findRelation(replay, node.relation ?? {})
  const table = relation === undefined || relation.kind === 'table' ? needTable(replay, node.relation ?? {}) : null
  const trigger = { name: node.trigname ?? '', isEnabled: true, function: texts(node.funcname).at(-1) ?? '' }
  if (table === null) return
  replay.record.lock(table.oid, 'ShareRowExclusive')
  replay.record.change({ kind: 'create-trigger', table, trigger })
  putTable(replay, { ...table, triggers: [...table.triggers.filter(({ name }) => name !== trigger.name), trigger] })
}

export function changePolicy(
  replay: Replay,
  range: NodeOf<'RangeVar'> | undefined,
  name: string,
  isRestrictive: boolean,
  by: 'create' | 'alter',
): void {
  const table = needTable(replay, range ?? {})
  if (table === null) return
  const policy = { name, isRestrictive }
  replay.record.lock(table.oid, 'AccessExclusive')
  replay.record.change({ kind: 'change-policy', table, policy, by })
  if (by === 'create') putTable(replay, { ...table, policies: [...table.policies, policy] })
}

export function vacuum(replay: Replay, node: NodeOf<'VacuumStmt'>): void {
  const isFull = isVacuumFull(node)
  // Without a list it takes the whole database.
  if (node.rels === undefined && isFull) {
    for (const relation of replay.catalog.relations.values()) {
      if (relation.kind === 'table') rewriteTable(replay, relation)
    }
  }
  for (const one of node.rels ?? []) {
    const relation = findOrNeed(replay, as(one, 'VacuumRelation')?.relation ?? {})
    if (relation === null) continue
    replay.record.lock(relation.oid, 'ShareUpdateExclusive')
    if (isFull && relation.kind === 'table') rewriteTable(replay, relation)
    else replay.record.scan(relation.oid)
  }
}

export function isVacuumFull(node: NodeOf<'VacuumStmt'>): boolean {
  const option = (node.options ?? []).map((one) => as(one, 'DefElem')).find((one) => one?.defname === 'full')
  if (node.is_vacuumcmd !== true || option === undefined) return false
  const value =
    as(option.arg, 'String')?.sval ??
    (as(option.arg, 'Integer') === undefined ? 'true' : String(as(option.arg, 'Integer')?.ival ?? 0))
  return !/^(false|off|0|no)$/i.test(value)
}

function findOrNeed(replay: Replay, range: NodeOf<'RangeVar'>): Relation | null {
  return findRelation(replay, range) ?? needTable(replay, range)
}

export function cluster(replay: Replay, node: NodeOf<'ClusterStmt'>): void {
  if (node.relation === undefined) return
  const table = needTable(replay, node.relation)
  if (table !== null) rewriteTable(replay, table)
}

export function reindex(replay: Replay, node: NodeOf<'ReindexStmt'>): void {
  if (node.relation === undefined) return
  const isConcurrent = isReindexConcurrent(node)
  const found =
    node.kind === 'REINDEX_OBJECT_INDEX' ? findRelation(replay, node.relation) : findOrNeed(replay, node.relation)
  if (found === undefined || found === null) return
  const table = found.kind === 'index' ? found.table : found.oid
  const indexes = found.kind === 'index' ? [found] : indexesOf(replay, found.oid)
  replay.record.lock(table, isConcurrent ? 'ShareUpdateExclusive' : 'Share')
  replay.record.scan(table)
  for (const index of indexes) {
    replay.record.lock(index.oid, isConcurrent ? 'ShareUpdateExclusive' : 'AccessExclusive')
    replay.record.rewrite(index.oid)
  }
}

export function isReindexConcurrent(node: NodeOf<'ReindexStmt'>): boolean {
  return (node.params ?? []).some((one) => as(one, 'DefElem')?.defname === 'concurrently')
}

export function refreshView(replay: Replay, node: NodeOf<'RefreshMatViewStmt'>): void {
  const view = findRelation(replay, node.relation ?? {})
  if (view?.kind !== 'materialized-view') return
  for (const oid of view.reads) replay.record.lock(oid, 'AccessShare')
  if (node.concurrent === true) {
    replay.record.lock(view.oid, 'Exclusive')
    return
  }
  replay.record.lock(view.oid, 'AccessExclusive')
  replay.record.rewrite(view.oid)
  for (const index of indexesOf(replay, view.oid)) {
    replay.record.lock(index.oid, 'AccessExclusive')
    replay.record.rewrite(index.oid)
  }
}

export function comment(replay: Replay, node: NodeOf<'CommentStmt'>): void {
  const names = texts(as(node.object, 'List')?.items)
  const onColumn = node.objtype === 'OBJECT_COLUMN'
  if (!onColumn && !['OBJECT_TABLE', 'OBJECT_VIEW', 'OBJECT_INDEX', 'OBJECT_MATVIEW'].includes(node.objtype ?? ''))
    return
  const path = onColumn ? names.slice(0, -1) : names
  const relation = findRelation(replay, rangeOf(path))
  if (relation !== undefined) replay.record.lock(relation.oid, 'ShareUpdateExclusive')
}

function rangeOf(path: readonly string[]): { relname: string; schemaname?: string } {
  const schemaname = path.at(-2)
  return { relname: path.at(-1) ?? '', ...(schemaname === undefined ? {} : { schemaname }) }
}

/** PostgreSQL 18 locks what it grants on; earlier ones do not. */
export function grant(replay: Replay, node: NodeOf<'GrantStmt'>): void {
  if (node.objtype !== 'OBJECT_TABLE' || node.targtype !== 'ACL_TARGET_OBJECT' || replay.server.major < 18) return
  lockAll(replay, node.objects, 'AccessShare')
}

export function lockAll(replay: Replay, ranges: readonly Node[] | undefined, mode: LockMode): void {
  for (const one of ranges ?? []) {
    const range = as(one, 'RangeVar')
    const relation = range === undefined ? null : findOrNeed(replay, range)
    if (relation !== null) replay.record.lock(relation.oid, mode)
  }
}

export function lockTables(replay: Replay, node: NodeOf<'LockStmt'>): void {
  lockAll(replay, node.relations, LOCK_MODES[(node.mode ?? 8) - 1] ?? 'AccessExclusive')
}

export function alterOwner(replay: Replay, node: NodeOf<'AlterOwnerStmt'>): void {
  const relation = node.relation === undefined ? undefined : findRelation(replay, node.relation)
  if (relation === undefined) return
  replay.record.lock(relation.oid, 'AccessExclusive')
  replay.record.change({ kind: 'change-owner', relation })
}

/** CREATE RULE … ON table. */
export function createRule(replay: Replay, node: NodeOf<'RuleStmt'>): void {
  const table: Table | null = needTable(replay, node.relation ?? {})
  if (table !== null) replay.record.lock(table.oid, 'AccessExclusive')
}
