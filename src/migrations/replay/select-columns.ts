import { as, type Node, texts } from '../sql/node.ts'
import type { Replay } from './replay.ts'
import { findRelation } from './resolve.ts'

/** The names of a query's columns, or null when they cannot be told from the text and the schema so far. */
export function selectColumns(replay: Replay, query: Node | undefined): readonly string[] | null {
  let select = as(query, 'SelectStmt')
  while (select?.larg !== undefined) select = select.larg
  if (select?.targetList === undefined) return null
  const names: string[] = []
  for (const one of select.targetList) {
    const target = as(one, 'ResTarget')
    const found = target === undefined ? null : targetNames(replay, target.name, target.val, select.fromClause ?? [])
    if (found === null) return null
    names.push(...found)
  }
  return names
}

function targetNames(
  replay: Replay,
  alias: string | undefined,
  value: Node | undefined,
  from: readonly Node[],
): readonly string[] | null {
  if (alias !== undefined && alias !== '') return [alias]
  const column = as(value, 'ColumnRef')
  if (column !== undefined) {
    const last = column.fields?.at(-1)
    return as(last, 'A_Star') === undefined
      ? texts([last as Node])
      : starNames(replay, texts(column.fields?.slice(0, -1)), from)
  }
  const call = as(value, 'FuncCall')
  if (call !== undefined) return texts(call.funcname).slice(-1)
  const cast = as(value, 'TypeCast')
  if (cast !== undefined) return targetNames(replay, undefined, cast.arg, from) ?? texts(cast.typeName?.names).slice(-1)
  return null
}

/** `*` or `t.*` of plain tables: what stands in the schema now. */
function starNames(replay: Replay, qualifier: readonly string[], from: readonly Node[]): readonly string[] | null {
  const ranges = from.map((one) => as(one, 'RangeVar'))
  const wanted = qualifier.at(-1)
  const chosen =
    wanted === undefined ? ranges : ranges.filter((one) => (one?.alias?.aliasname ?? one?.relname) === wanted)
  if (chosen.length === 0) return null
  const names: string[] = []
  for (const one of chosen) {
    const relation = one === undefined ? undefined : findRelation(replay, one)
    if (relation?.kind === 'table' && !relation.isAssumed) names.push(...relation.columns.map(({ name }) => name))
    else if (relation?.kind === 'view' && relation.columns !== null) names.push(...relation.columns)
    else return null
  }
  return names
}
