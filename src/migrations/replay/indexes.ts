import type { Index, Table } from '../catalog/types.ts'
import { as, fingerprint, type Node, type NodeOf, texts } from '../sql/node.ts'
import { makeName } from './names.ts'
import { freeName, putRelation } from './put.ts'
import type { Replay } from './replay.ts'
import { findRelation, needColumn, needTable } from './resolve.ts'

export function createIndex(replay: Replay, node: NodeOf<'IndexStmt'>): void {
  const target = findRelation(replay, node.relation ?? {})
  const table = target?.kind === 'materialized-view' ? null : needTable(replay, node.relation ?? {})
  const owner = table ?? target
  if (owner === undefined) return
  const isSkippable = node.if_not_exists === true || replay.record.isGuarded
  if (
    isSkippable &&
    node.idxname !== undefined &&
    findRelation(replay, { schemaname: owner.schema, relname: node.idxname }) !== undefined
  )
    return
  const elements = (node.indexParams ?? []).flatMap((one) => as(one, 'IndexElem') ?? [])
  const keys = elements.map((one) => ({
    column: one.name === undefined || table === null ? null : (needColumn(replay, table, one.name)?.id ?? null),
    expression:
      one.expr === undefined ? (one.name !== undefined && table === null ? one.name : null) : fingerprint(one.expr),
  }))
  const includes = (node.indexIncludingParams ?? []).flatMap((one) => {
    const name = as(one, 'IndexElem')?.name
    return name === undefined || table === null ? [] : (needColumn(replay, table, name)?.id ?? [])
  })
  const where = node.whereClause === undefined ? null : fingerprint(node.whereClause)
  const index: Index = {
    oid: replay.catalog.nextOid(),
    schema: owner.schema,
    name: node.idxname ?? freeName(replay, owner.schema, makeName(owner.name, nameParts(elements), 'idx')),
    kind: 'index',
    table: owner.oid,
    isUnique: node.unique === true,
    method: node.accessMethod ?? 'btree',
    keys,
    includes,
    where,
    definition: definitionOf(node, elements, keys, where),
    constraint: null,
    isAssumed: false,
  }
  putRelation(replay, index)
  replay.record.lock(owner.oid, node.concurrent === true ? 'ShareUpdateExclusive' : 'Share')
  replay.record.scan(owner.oid)
  if (table === null) return
  replay.record.change({
    kind: 'create-index',
    table: currentOr(replay, table),
    index,
    isConcurrent: node.concurrent === true,
    ifNotExists: node.if_not_exists === true,
    hasName: node.idxname !== undefined,
  })
}

function definitionOf(
  node: NodeOf<'IndexStmt'>,
  elements: readonly NodeOf<'IndexElem'>[],
  keys: Index['keys'],
  where: string | null,
): string {
  const kind = node.unique === true ? 'unique' : 'index'
  const method = node.accessMethod ?? 'btree'
  const suffix = node.nulls_not_distinct === true ? ' nnd' : ''
  // As a constraint's index says it, so that one can stand in for the other.
  if (where === null && method === 'btree' && elements.every(isPlain)) {
    return `${kind} btree ${keys.map(({ column }) => column).join(',')}${suffix}`
  }
  const shape = elements.map(({ opclass, ordering, nulls_ordering: nulls, collation }, at) =>
    fingerprint([keys[at], opclass, ordering, nulls, collation]),
  )
  return `${kind} ${method} ${shape.join(',')} ${where ?? ''}${suffix}`
}

/** A column as it is, in the usual order. */
function isPlain({ name, opclass, collation, ordering, nulls_ordering: nulls }: NodeOf<'IndexElem'>): boolean {
  return (
    name !== undefined &&
    opclass === undefined &&
    collation === undefined &&
    ordering === 'SORTBY_DEFAULT' &&
    nulls === 'SORTBY_NULLS_DEFAULT'
  )
}

/** As ChooseIndexColumnNames makes them: a function's name for its call, `expr` for the rest, numbered when they repeat. */
function nameParts(elements: readonly NodeOf<'IndexElem'>[]): string {
  const taken: string[] = []
  for (const { name, expr } of elements) {
    const wanted = name ?? expressionName(expr)
    let free = wanted
    for (let count = 1; taken.includes(free); count += 1) free = `${wanted}${count}`
    taken.push(free)
  }
  return taken.join('_')
}

function expressionName(expression: Node | undefined): string {
  const call = as(expression, 'FuncCall')
  if (call !== undefined) return texts(call.funcname).at(-1) ?? 'expr'
  return as(expression, 'CoalesceExpr') === undefined ? 'expr' : 'coalesce'
}

function currentOr(replay: Replay, table: Table): Table {
  const relation = replay.catalog.relations.get(table.oid)
  return relation?.kind === 'table' ? relation : table
}
