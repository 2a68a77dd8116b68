import type { TypeRef } from '../catalog/types.ts'
import { as, type Node, texts } from '../sql/node.ts'
import type { Replay } from './replay.ts'
import { findRelation } from './resolve.ts'
import { typeOf } from './types.ts'

/** One column of a query's result. The type is null when the text and the schema so far do not tell it. */
export interface ResultColumn {
  readonly name: string
  readonly type: TypeRef | null
}

/** The columns of a query, or null when not even their names can be told. */
export function selectColumns(replay: Replay, query: Node | undefined): readonly ResultColumn[] | null {
  let select = as(query, 'SelectStmt')
  while (select?.larg !== undefined) select = select.larg
  if (select?.targetList === undefined) return null
  const columns: ResultColumn[] = []
  for (const one of select.targetList) {
    const target = as(one, 'ResTarget')
    const found = target === undefined ? null : targetColumns(replay, target.val, select.fromClause ?? [])
    const alias = target?.name ?? ''
    if (alias !== '') columns.push({ name: alias, type: found?.length === 1 ? (found[0]?.type ?? null) : null })
    else if (found === null) return null
    else columns.push(...found)
  }
  return columns
}

function targetColumns(replay: Replay, value: Node | undefined, from: readonly Node[]): readonly ResultColumn[] | null {
  const column = as(value, 'ColumnRef')
  if (column !== undefined) {
    const last = column.fields?.at(-1)
    const qualifier = texts(column.fields?.slice(0, -1))
    const all = starColumns(replay, qualifier, from)
    if (as(last, 'A_Star') !== undefined) return all
    const name = texts([last as Node])[0] ?? ''
    return [{ name, type: all?.find((one) => one.name === name)?.type ?? null }]
  }
  const call = as(value, 'FuncCall')
  if (call !== undefined) return [{ name: texts(call.funcname).at(-1) ?? '', type: null }]
  const cast = as(value, 'TypeCast')
  if (cast === undefined) return null
  const type = typeOf(replay, cast.typeName).type
  const name = targetColumns(replay, cast.arg, from)?.[0]?.name ?? texts(cast.typeName?.names).at(-1) ?? ''
  return [{ name, type }]
}

/** `*` or `t.*` of plain tables and views: what stands in the schema now. */
function starColumns(
  replay: Replay,
  qualifier: readonly string[],
  from: readonly Node[],
): readonly ResultColumn[] | null {
  const ranges = from.map((one) => as(one, 'RangeVar'))
  const wanted = qualifier.at(-1)
  const chosen =
    wanted === undefined ? ranges : ranges.filter((one) => (one?.alias?.aliasname ?? one?.relname) === wanted)
  if (chosen.length === 0) return null
  const columns: ResultColumn[] = []
  for (const one of chosen) {
    const relation = one === undefined ? undefined : findRelation(replay, one)
    if (relation?.kind === 'table' && !relation.isAssumed)
      columns.push(...relation.columns.map(({ name, type }) => ({ name, type })))
    else if (relation?.kind === 'view' && relation.columns !== null)
      columns.push(...relation.columns.map((name) => ({ name, type: null })))
    else return null
  }
  return columns
}
