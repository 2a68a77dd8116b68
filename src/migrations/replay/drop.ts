import type { Relation, Table, UserType, View } from '../catalog/types.ts'
import { as, listTexts, type Node, type NodeOf, texts } from '../sql/node.ts'
import { changeColumn } from './change-column.ts'
import { assumeIndex } from './constraints.ts'
import { dropView } from './drop-view.ts'
import { indexesOf, putTable, removeRelation } from './put.ts'
import type { Replay } from './replay.ts'
import { currentTable, findRelation, isAssumable, needTable } from './resolve.ts'
import { dropRoutine, takeRoutine } from './routines.ts'
import { dropOwnedSequences } from './sequences.ts'
import { dropType } from './user-types.ts'

type Drop = NodeOf<'DropStmt'>

export function dropObjects(replay: Replay, node: Drop): void {
  for (const object of node.objects ?? []) HANDLERS[node.removeType ?? '']?.(replay, object, node)
}

function rangeOf(object: Node): { schemaname?: string; relname: string } {
  const names = listTexts(object)
  const relname = names.at(-1) ?? ''
  const schemaname = names.at(-2)
  return schemaname === undefined ? { relname } : { schemaname, relname }
}

type Handler = (replay: Replay, object: Node, node: Drop) => void

const HANDLERS: Readonly<Record<string, Handler>> = {
  OBJECT_TABLE: (replay, object, node) => {
    const table = needTable(replay, rangeOf(object), node.missing_ok === true)
    if (table !== null) dropTable(replay, table, node.behavior === 'DROP_CASCADE')
  },
  OBJECT_FOREIGN_TABLE: (replay, object, node) => {
    const table = needTable(replay, rangeOf(object), node.missing_ok === true)
    if (table !== null) dropTable(replay, table, node.behavior === 'DROP_CASCADE')
  },
  OBJECT_VIEW: (replay, object, node) => dropNamedView(replay, object, node, 'view'),
  OBJECT_MATVIEW: (replay, object, node) => dropNamedView(replay, object, node, 'materialized-view'),
  OBJECT_INDEX: dropIndex,
  OBJECT_SEQUENCE: dropSequence,
  OBJECT_TYPE: dropType,
  OBJECT_DOMAIN: dropType,
  OBJECT_FUNCTION: dropRoutine,
  OBJECT_PROCEDURE: dropRoutine,
  OBJECT_ROUTINE: dropRoutine,
  OBJECT_AGGREGATE: dropRoutine,
  OBJECT_SCHEMA: dropSchema,
  OBJECT_EXTENSION: dropExtension,
  OBJECT_TRIGGER: dropTrigger,
  OBJECT_POLICY: dropPolicy,
}

export function dropTable(replay: Replay, table: Table, isCascade: boolean): void {
  replay.record.lock(table.oid, 'AccessExclusive')
  replay.record.change({ kind: 'drop-table', table, isCascade })
  for (const child of replay.children.get(table.oid) ?? []) {
    const partition = currentTable(replay, child)
    if (partition !== undefined && (partition.isPartition || isCascade)) dropTable(replay, partition, isCascade)
  }
  for (const { references } of table.constraints) {
    // The triggers that keep the foreign key stand on the other table too.
    if (references !== null && references !== table.oid) replay.record.lock(references, 'AccessExclusive')
  }
  for (const index of indexesOf(replay, table.oid)) {
    replay.record.lock(index.oid, 'AccessExclusive')
    removeRelation(replay, index)
  }
  for (const relation of replay.catalog.relations.values()) {
    if (relation.kind === 'table') dropForeignKeysTo(replay, relation, table)
    else if (
      isCascade &&
      (relation.kind === 'view' || relation.kind === 'materialized-view') &&
      relation.reads.includes(table.oid)
    ) {
      dropView(replay, relation, true)
    }
  }
  dropOwnedSequences(replay, table, null)
  for (const parent of table.parents)
    replay.children.set(
      parent,
      (replay.children.get(parent) ?? []).filter((oid) => oid !== table.oid),
    )
  removeRelation(replay, table)
}

function dropForeignKeysTo(replay: Replay, from: Table, to: Table): void {
  const gone = from.constraints.filter(({ references }) => references === to.oid)
  if (gone.length === 0 || from.oid === to.oid) return
  replay.record.lock(from.oid, 'AccessExclusive')
  putTable(replay, { ...from, constraints: from.constraints.filter((one) => !gone.includes(one)) })
}

function dropNamedView(replay: Replay, object: Node, node: Drop, kind: View['kind']): void {
  const range = rangeOf(object)
  const found = findRelation(replay, range)
  if (found?.kind === 'view' || found?.kind === 'materialized-view') {
    dropView(replay, found, node.behavior === 'DROP_CASCADE')
    return
  }
  if (found !== undefined || !isAssumable(replay, node.missing_ok === true)) return
  const view: View = {
    oid: replay.catalog.nextOid(),
    schema: range.schemaname ?? replay.searchPath[0] ?? 'public',
    name: range.relname,
    kind,
    columns: null,
    reads: [],
    mentions: [],
    isAssumed: true,
  }
  replay.catalog.relations.assume(view.oid, view)
  dropView(replay, view, false)
}

function dropIndex(replay: Replay, object: Node, node: Drop): void {
  const range = rangeOf(object)
  const found = findRelation(replay, range)
  const isConcurrent = node.concurrent === true
  if (found === undefined) {
    if (!isAssumable(replay, node.missing_ok === true)) return
    const schema = range.schemaname ?? replay.searchPath[0] ?? 'public'
    // On which table it was nobody says: its name is all there is.
    const isUnique = /_key$|_uniq|_unique|^uq_|^uk_|^uniq|^ux_/i.test(range.relname)
    const index = assumeIndex(replay, { oid: replay.catalog.nextOid(), schema }, range.relname, isUnique)
    takeIndex(replay, index, null, isConcurrent)
    return
  }
  if (found.kind === 'index') takeIndex(replay, found, currentTable(replay, found.table) ?? null, isConcurrent)
}

function takeIndex(
  replay: Replay,
  index: Relation & { kind: 'index' },
  table: Table | null,
  isConcurrent: boolean,
): void {
  const mode = isConcurrent ? 'ShareUpdateExclusive' : 'AccessExclusive'
  replay.record.lock(index.oid, mode)
  replay.record.lock(index.table, mode)
  replay.record.change({ kind: 'drop-index', table, index, isConcurrent })
  removeRelation(replay, index)
}

function dropSequence(replay: Replay, object: Node, node: Drop): void {
  const range = rangeOf(object)
  const found = findRelation(replay, range)
  if (found?.kind === 'sequence') {
    replay.record.lock(found.oid, 'AccessExclusive')
    replay.record.change({ kind: 'drop-sequence', relation: found })
    removeRelation(replay, found)
    if (node.behavior === 'DROP_CASCADE' && found.owner !== null) {
      const table = currentTable(replay, found.owner.table)
      if (table !== undefined) changeColumn(replay, table, found.owner.column, { default: null })
    }
    return
  }
  if (found !== undefined || !isAssumable(replay, node.missing_ok === true)) return
  const relation: Relation = {
    oid: replay.catalog.nextOid(),
    schema: range.schemaname ?? replay.searchPath[0] ?? 'public',
    name: range.relname,
    kind: 'sequence',
    owner: null,
    isAssumed: true,
  }
  replay.catalog.relations.assume(relation.oid, relation)
  replay.record.change({ kind: 'drop-sequence', relation })
  replay.catalog.relations.delete(relation.oid)
}

/** With CASCADE everything in it goes; without, only an empty one can be dropped. */
function dropSchema(replay: Replay, object: Node, node: Drop): void {
  const schema = listTexts(object)[0] ?? ''
  const isKnown = replay.catalog.schemas.get(schema) !== undefined
  if (!isKnown && !isAssumable(replay, node.missing_ok === true)) return
  const isCascade = node.behavior === 'DROP_CASCADE'
  replay.record.change({ kind: 'drop-schema', name: schema, isCascade, isKnown })
  if (isCascade) {
    for (const relation of replay.catalog.relations.values()) {
      if (relation.schema !== schema || replay.catalog.relations.get(relation.oid) === undefined) continue
      if (relation.kind === 'table') dropTable(replay, relation, true)
      else if (relation.kind === 'view' || relation.kind === 'materialized-view') dropView(replay, relation, true)
      else if (relation.kind === 'sequence') removeRelation(replay, relation)
    }
    for (const type of replay.catalog.types.values()) if (type.schema === schema) removeUserType(replay, type)
    for (const one of replay.catalog.routines.values()) if (one.schema === schema) takeRoutine(replay, one)
  }
  replay.catalog.schemas.delete(schema)
}

function dropExtension(replay: Replay, object: Node, node: Drop): void {
  const name = listTexts(object)[0] ?? ''
  const isKnown = replay.catalog.extensions.get(name) === true
  if (!isKnown && !isAssumable(replay, node.missing_ok === true)) return
  replay.record.change({ kind: 'drop-extension', name })
  replay.catalog.extensions.delete(name)
}

function removeUserType(replay: Replay, type: UserType): void {
  replay.record.change({ kind: 'drop-type', type })
  replay.catalog.types.delete(type.oid)
}

function tableOfObject(
  replay: Replay,
  object: Node,
  node: Drop,
): { readonly table: Table | null; readonly name: string } {
  const names = texts(as(object, 'List')?.items)
  const schemaname = names.at(-3)
  const range = { relname: names.at(-2) ?? '', ...(schemaname === undefined ? {} : { schemaname }) }
  return { table: needTable(replay, range, node.missing_ok === true), name: names.at(-1) ?? '' }
}

function dropTrigger(replay: Replay, object: Node, node: Drop): void {
  const { table, name } = tableOfObject(replay, object, node)
  if (table === null) return
  if (!table.isAssumed && !table.triggers.some((one) => one.name === name)) return
  replay.record.lock(table.oid, 'AccessExclusive')
  replay.record.change({ kind: 'drop-trigger', table, name })
  putTable(replay, { ...table, triggers: table.triggers.filter((one) => one.name !== name) })
}

function dropPolicy(replay: Replay, object: Node, node: Drop): void {
  const { table, name } = tableOfObject(replay, object, node)
  if (table === null) return
  const policy = table.policies.find((one) => one.name === name)
  if (policy === undefined && !table.isAssumed) return
  replay.record.lock(table.oid, 'AccessExclusive')
  replay.record.change({ kind: 'change-policy', table, policy: policy ?? { name, isRestrictive: false }, by: 'drop' })
  putTable(replay, { ...table, policies: table.policies.filter((one) => one.name !== name) })
}
