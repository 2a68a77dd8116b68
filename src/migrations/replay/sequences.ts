import type { Column, Sequence, Table } from '../catalog/types.ts'
import { as, type Node, type NodeOf, texts } from '../sql/node.ts'
import { makeName } from './names.ts'
import { freeName, putRelation, removeRelation } from './put.ts'
import type { Replay } from './replay.ts'
import { findRelation, needColumn, needTable, newName } from './resolve.ts'

export function createSequence(replay: Replay, node: NodeOf<'CreateSeqStmt'>): void {
  const { schema, name } = newName(replay, node.sequence ?? {})
  const isSkippable = node.if_not_exists === true || replay.record.isGuarded
  if (isSkippable && findRelation(replay, { schemaname: schema, relname: name }) !== undefined) return
  const sequence: Sequence = {
    oid: replay.catalog.nextOid(),
    schema,
    name,
    kind: 'sequence',
    owner: ownerIn(replay, node.options),
    isAssumed: false,
  }
  putRelation(replay, sequence)
}

export function alterSequence(replay: Replay, node: NodeOf<'AlterSeqStmt'>): void {
  const sequence = findRelation(replay, node.sequence ?? {})
  const owner = ownerIn(replay, node.options)
  if (sequence?.kind !== 'sequence') return
  replay.record.lock(sequence.oid, 'ShareRowExclusive')
  if (owner !== null) putRelation(replay, { ...sequence, owner })
}

/** OWNED BY table.column: it goes with the column. */
function ownerIn(replay: Replay, options: readonly Node[] | undefined): Sequence['owner'] {
  const option = (options ?? []).map((one) => as(one, 'DefElem')).find((one) => one?.defname === 'owned_by')
  const names = texts(as(option?.arg, 'List')?.items)
  if (names.length < 2) return null
  const schemaname = names.at(-3)
  const table = needTable(replay, { relname: names.at(-2) ?? '', ...(schemaname === undefined ? {} : { schemaname }) })
  const column = table === null ? null : needColumn(replay, table, names.at(-1) ?? '')
  return table === null || column === null ? null : { table: table.oid, column: column.id }
}

/** The one that a serial or identity column makes: `users_id_seq`, unless it is named. */
export function addOwnedSequence(replay: Replay, table: Table, column: Column, name?: string): void {
  putRelation(replay, {
    oid: replay.catalog.nextOid(),
    schema: table.schema,
    name: name ?? freeName(replay, table.schema, makeName(table.name, column.name, 'seq')),
    kind: 'sequence',
    owner: { table: table.oid, column: column.id },
    isAssumed: false,
  })
}

/** Those of a column, or of the whole table: they go with it. */
export function dropOwnedSequences(replay: Replay, table: Table, column: Column | null): void {
  for (const relation of replay.catalog.relations.values()) {
    if (relation.kind !== 'sequence' || relation.owner?.table !== table.oid) continue
    if (column === null || relation.owner.column === column.id) removeRelation(replay, relation)
  }
}
