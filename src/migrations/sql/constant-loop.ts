import { foldArray, foldText, parseExpression, type Values } from './fold-text.ts'
import { as, type Node, type NodeOf, texts } from './node.ts'
import type { SqlParser } from './parser.ts'

/** Beyond that a loop is taken as one whose rounds nobody knows. */
const MAX_ROUNDS = 200

/** What a PL/pgSQL loop says of its rounds, in the names of libpg_query's tree. */
export interface LoopFields {
  readonly varno?: number
  readonly var?: {
    readonly PLpgSQL_var?: { readonly refname?: string }
    readonly PLpgSQL_rec?: { readonly refname?: string }
    readonly PLpgSQL_row?: { readonly fields?: readonly { readonly name?: string }[] }
  }
  readonly expr?: Expression
  readonly query?: Expression
  readonly lower?: Expression
  readonly upper?: Expression
  readonly step?: Expression
  readonly reverse?: boolean
}

interface Expression {
  readonly PLpgSQL_expr?: { readonly query?: string }
}

export interface Names {
  /** Of a variable, by its place in the body's list. */
  readonly variable: (varno: number | undefined) => string
  /** The elements of an array variable that nothing changes. */
  readonly array: (name: string) => readonly string[] | null
}

const written = (expression: Expression | undefined) => expression?.PLpgSQL_expr?.query ?? ''

/**
 * What the loop's variables hold in each of its rounds, when the body itself says so: FOREACH over a list that is written out, FOR over
 * `unnest(ARRAY[…])`, VALUES or two numbers. Null for rounds that depend on what is in the database.
 */
export function constantRounds(
  parser: SqlParser,
  key: string,
  loop: LoopFields,
  names: Names,
  values: Values,
): readonly Values[] | null {
  const rounds = roundsOf(parser, key, loop, names, values)
  return rounds === null || rounds.length > MAX_ROUNDS
    ? null
    : rounds.map((round) => new Map([...values, ...Object.entries(round)]))
}

type Round = Readonly<Record<string, string>>

function roundsOf(
  parser: SqlParser,
  key: string,
  loop: LoopFields,
  names: Names,
  values: Values,
): readonly Round[] | null {
  if (key === 'PLpgSQL_stmt_foreach_a') {
    const list = elementsOf(parseExpression(parser, written(loop.expr)), names, values)
    return list?.map((one) => ({ [names.variable(loop.varno)]: one })) ?? null
  }
  if (key === 'PLpgSQL_stmt_fori') return numbers(parser, loop, values)
  return key === 'PLpgSQL_stmt_fors' ? rowsOf(parser, loop, names, values) : null
}

function elementsOf(node: Node | undefined, names: Names, values: Values): readonly string[] | null {
  const variable = texts(as(node, 'ColumnRef')?.fields)
  return variable.length === 1 ? names.array(variable[0] ?? '') : foldArray(node, values)
}

function numbers(parser: SqlParser, loop: LoopFields, values: Values): readonly Round[] | null {
  const number = (expression: Expression | undefined) =>
    Number(foldText(parseExpression(parser, written(expression)), values) ?? Number.NaN)
  const [from, to] = [number(loop.lower), number(loop.upper)]
  const count = to - from + 1
  const name = loop.var?.PLpgSQL_var?.refname
  if (name === undefined || loop.step !== undefined || loop.reverse === true || !(count <= MAX_ROUNDS)) return null
  return Array.from({ length: Math.max(0, count) }, (_, at) => ({ [name]: String(from + at) }))
}

function rowsOf(parser: SqlParser, loop: LoopFields, names: Names, values: Values): readonly Round[] | null {
  const parsed = parser.parse(written(loop.query))
  const select = 'message' in parsed ? undefined : as(parsed[0]?.stmt, 'SelectStmt')
  const table = select === undefined ? null : rowsOfSelect(select, names, values)
  if (table === null) return null
  const record = loop.var?.PLpgSQL_rec?.refname
  const scalars = loop.var?.PLpgSQL_row?.fields?.map(({ name = '' }) => name)
  return table.rows.map((row) => {
    const called =
      record === undefined ? (scalars ?? []) : row.map((_, at) => `${record}.${table.columns[at] ?? `column${at + 1}`}`)
    return Object.fromEntries(row.flatMap((value, at) => (called[at] === undefined ? [] : [[called[at], value]])))
  })
}

interface Rows {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** `VALUES (…)`, `SELECT unnest(…)`, `SELECT * FROM (VALUES …) AS t(a, b)`, `SELECT * FROM unnest(…) AS a`. */
function rowsOfSelect(select: NodeOf<'SelectStmt'>, names: Names, values: Values): Rows | null {
  if (select.whereClause !== undefined || select.limitCount !== undefined || select.op !== 'SETOP_NONE') return null
  if (select.valuesLists !== undefined) return valuesOf(select.valuesLists, values)
  const [target, ...others] = select.targetList ?? []
  const [source, ...more] = select.fromClause ?? []
  const only = as(target, 'ResTarget')
  if (only === undefined || others.length > 0 || more.length > 0) return null
  if (source === undefined) {
    const rows = unnested(only.val, names, values)
    return rows === null ? null : { columns: [only.name ?? 'unnest'], rows }
  }
  const isStar = as(as(only.val, 'ColumnRef')?.fields?.[0], 'A_Star') !== undefined
  const found = sourceRows(source, names, values)
  if (found === null || isStar) return found
  const at = found.columns.indexOf(texts(as(only.val, 'ColumnRef')?.fields).at(-1) ?? '')
  return at < 0
    ? null
    : { columns: [only.name ?? found.columns[at] ?? ''], rows: found.rows.map((row) => [row[at] ?? '']) }
}

function sourceRows(source: Node, names: Names, values: Values): Rows | null {
  const subselect = as(source, 'RangeSubselect')
  if (subselect !== undefined) {
    const inner = as(subselect.subquery, 'SelectStmt')
    const rows = inner === undefined ? null : rowsOfSelect(inner, names, values)
    return rows === null ? null : { ...rows, columns: renamed(rows.columns, texts(subselect.alias?.colnames)) }
  }
  const range = as(source, 'RangeFunction')
  const call = as(range?.functions?.[0], 'List')?.items?.[0]
  const rows = unnested(call, names, values)
  const column = texts(range?.alias?.colnames)[0] ?? range?.alias?.aliasname ?? 'unnest'
  return rows === null ? null : { columns: [column], rows }
}

function renamed(columns: readonly string[], names: readonly string[]): readonly string[] {
  return columns.map((one, at) => names[at] ?? one)
}

function valuesOf(lists: readonly Node[], values: Values): Rows | null {
  const rows = lists.map((list) => (as(list, 'List')?.items ?? []).map((one) => foldText(one, values)))
  const known = rows.map((row) => row.flatMap((one) => one ?? []))
  if (known.some((row, at) => row.length < (rows[at]?.length ?? 0))) return null
  return { columns: (known[0] ?? []).map((_, at) => `column${at + 1}`), rows: known }
}

function unnested(node: Node | undefined, names: Names, values: Values): readonly (readonly string[])[] | null {
  const call = as(node, 'FuncCall')
  if (call === undefined || texts(call.funcname).at(-1) !== 'unnest' || call.args?.length !== 1) return null
  return elementsOf(call.args[0], names, values)?.map((one) => [one]) ?? null
}
