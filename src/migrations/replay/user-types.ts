import { nameKey } from '../catalog/catalog.ts'
import type { UserType } from '../catalog/types.ts'
import { as, type Node, type NodeOf, texts } from '../sql/node.ts'
import { putType } from './put.ts'
import { removeColumn } from './remove-column.ts'
import type { Replay } from './replay.ts'
import { findType, isAssumable } from './resolve.ts'
import { tablesUsing, typeOf } from './types.ts'

/** CREATE TYPE in all its forms, and CREATE DOMAIN. */
export function createType(
  replay: Replay,
  names: readonly string[],
  about: Pick<UserType, 'kind'> & Partial<UserType>,
): void {
  const name = names.at(-1) ?? ''
  const schema = names.at(-2) ?? replay.searchPath[0] ?? 'public'
  if (replay.record.isGuarded && replay.catalog.typeNames.get(nameKey(schema, name)) !== undefined) return
  const type: UserType = {
    oid: replay.catalog.nextOid(),
    schema,
    name,
    labels: [],
    base: null,
    isConstrained: false,
    isAssumed: false,
    ...about,
  }
  putType(replay, type)
  replay.record.change({ kind: 'create-type', type })
}

export function createEnum(replay: Replay, node: NodeOf<'CreateEnumStmt'>): void {
  const labels = texts(node.vals).map((text) => ({ id: replay.catalog.nextOid(), text }))
  createType(replay, texts(node.typeName), { kind: 'enum', labels })
}

export function createDomain(replay: Replay, node: NodeOf<'CreateDomainStmt'>): void {
  const constraints = (node.constraints ?? []).map((one) => as(one, 'Constraint')?.contype)
  createType(replay, texts(node.domainname), {
    kind: 'domain',
    base: typeOf(replay, node.typeName).type,
    isConstrained: constraints.some((one) => one === 'CONSTR_CHECK' || one === 'CONSTR_NOTNULL'),
  })
}

/** The type, or one that was there before and that we know nothing of. */
function needType(
  replay: Replay,
  names: readonly string[],
  kind: UserType['kind'],
  isOptional: boolean,
): UserType | null {
  const found = findType(replay, names)
  if (found !== undefined) return found
  if (!isAssumable(replay, isOptional)) return null
  const name = names.at(-1) ?? ''
  const schema = names.at(-2) ?? replay.searchPath[0] ?? 'public'
  const type: UserType = {
    oid: replay.catalog.nextOid(),
    schema,
    name,
    kind,
    labels: [],
    base: null,
    isConstrained: false,
    isAssumed: true,
  }
  replay.catalog.types.assume(type.oid, type)
  replay.catalog.typeNames.assume(nameKey(schema, name), type.oid)
  return type
}

export function alterEnum(replay: Replay, node: NodeOf<'AlterEnumStmt'>): void {
  const type = needType(replay, texts(node.typeName), 'enum', false)
  if (type === null) return
  if (node.oldVal !== undefined) {
    replay.record.change({ kind: 'rename-enum-value', type, from: node.oldVal, to: node.newVal ?? '' })
    putType(replay, {
      ...type,
      labels: type.labels.map((one) => (one.text === node.oldVal ? { ...one, text: node.newVal ?? '' } : one)),
    })
    return
  }
  const label = node.newVal ?? ''
  if (type.labels.some(({ text }) => text === label)) return
  replay.record.change({ kind: 'add-enum-value', type, label, isPlaced: node.newValNeighbor !== undefined })
  const at = type.labels.findIndex(({ text }) => text === node.newValNeighbor)
  const place = at < 0 ? type.labels.length : at + (node.newValIsAfter === true ? 1 : 0)
  putType(replay, { ...type, labels: type.labels.toSpliced(place, 0, { id: replay.catalog.nextOid(), text: label }) })
}

export function alterDomain(replay: Replay, node: NodeOf<'AlterDomainStmt'>): void {
  const type = needType(replay, texts(node.typeName), 'domain', node.missing_ok === true)
  if (type === null) return
  // T default, N drop not null, O set not null, C add constraint, X drop constraint, V validate constraint
  if (node.subtype !== 'C' && node.subtype !== 'O') return
  const isNotValid = as(node.def, 'Constraint')?.skip_validation === true
  const tables = tablesUsing(replay, type)
  for (const { oid } of isNotValid ? [] : tables) {
    replay.record.lock(oid, 'Share')
    replay.record.scan(oid)
  }
  if (node.subtype === 'C') replay.record.change({ kind: 'constrain-domain', type, isNotValid, tables })
  putType(replay, { ...type, isConstrained: true })
}

export function dropType(replay: Replay, object: Node, node: NodeOf<'DropStmt'>): void {
  const names = texts(as(object, 'TypeName')?.names)
  const type = needType(
    replay,
    names,
    node.removeType === 'OBJECT_DOMAIN' ? 'domain' : 'other',
    node.missing_ok === true,
  )
  if (type === null) return
  replay.record.change({ kind: 'drop-type', type })
  if (node.behavior === 'DROP_CASCADE') {
    for (const table of tablesUsing(replay, type)) {
      replay.record.lock(table.oid, 'AccessExclusive')
      for (const column of table.columns.filter((one) => one.type?.oid === type.oid)) {
        replay.record.change({ kind: 'drop-column', table, column, isCascade: true })
        removeColumn(replay, table, column)
      }
    }
  }
  replay.catalog.types.delete(type.oid)
  const key = nameKey(type.schema, type.name)
  if (replay.catalog.typeNames.get(key) === type.oid) replay.catalog.typeNames.delete(key)
}

export function renameType(
  replay: Replay,
  names: readonly string[],
  to: { readonly schema?: string; readonly name?: string },
): void {
  const type = needType(replay, names, 'other', false)
  if (type === null) return
  const moved = { ...type, schema: to.schema ?? type.schema, name: to.name ?? type.name }
  replay.record.change({ kind: 'rename-type', type, toSchema: moved.schema, toName: moved.name })
  putType(replay, moved)
}
