import type { View } from '../catalog/types.ts'
import { as, type Node, type NodeOf, texts, walk } from '../sql/node.ts'
import { putRelation } from './put.ts'
import type { Replay } from './replay.ts'
import { findRelation, newName } from './resolve.ts'
import { selectColumns } from './select-columns.ts'

export function createView(replay: Replay, node: NodeOf<'ViewStmt'>): void {
  make(replay, node.view ?? {}, node.query, texts(node.aliases), 'view', node.replace === true)
}

export function createMaterializedView(replay: Replay, node: NodeOf<'CreateTableAsStmt'>): void {
  if (node.objtype !== 'OBJECT_MATVIEW') return
  const range = node.into?.rel ?? {}
  if ((node.if_not_exists === true || replay.record.isGuarded) && findRelation(replay, range) !== undefined) return
  make(replay, range, node.query, texts(node.into?.colNames), 'materialized-view', false)
}

function make(
  replay: Replay,
  range: NodeOf<'RangeVar'>,
  query: Node | undefined,
  aliases: readonly string[],
  kind: View['kind'],
  isReplace: boolean,
): void {
  const { schema, name } = newName(replay, range)
  const old = findRelation(replay, { schemaname: schema, relname: name })
  const columns = aliases.length > 0 ? aliases : (selectColumns(replay, query)?.map(({ name }) => name) ?? null)
  const reads = readsOf(replay, query)
  for (const oid of reads) replay.record.lock(oid, 'AccessShare')
  const mentions = mentionsOf(query)
  if (old?.kind === 'view' && isReplace) {
    replay.record.lock(old.oid, 'AccessExclusive')
    replay.record.change({ kind: 'replace-view', view: old, columns })
    putRelation(replay, { ...old, columns, reads, mentions })
    return
  }
  const view: View = { oid: replay.catalog.nextOid(), schema, name, kind, columns, reads, mentions, isAssumed: false }
  putRelation(replay, view)
  replay.record.change({ kind: 'create-view', view })
}

/** Oids of the relations that a query reads. */
export function readsOf(replay: Replay, query: Node | undefined): readonly number[] {
  const found = new Set<number>()
  walk(query, (tag, fields) => {
    if (tag !== 'RangeVar') return true
    const relation = findRelation(replay, fields as NodeOf<'RangeVar'>)
    if (relation !== undefined) found.add(relation.oid)
    return true
  })
  return [...found]
}

function mentionsOf(query: Node | undefined): readonly string[] {
  const found = new Set<string>()
  walk(query, (tag, fields) => {
    if (tag !== 'ColumnRef') return true
    const last = (fields as { fields?: Node[] }).fields?.at(-1)
    found.add(as(last, 'String')?.sval ?? '*')
    return false
  })
  return [...found]
}
