import { as, type Node, type NodeOf, text, texts } from './node.ts'
import type { SqlParser } from './parser.ts'

/** What variables of a body are known to hold, by name; a field of a record as `record.field`. */
export type Values = ReadonlyMap<string, string>

/** `'ALTER …'`, `'a' || b`, `format('DROP TABLE %I', 'x')`: the text when every part of it is constant or in `values`, or null. */
export function foldText(node: Node | undefined, values: Values): string | null {
  const constant = as(node, 'A_Const')
  if (constant?.sval !== undefined) return constant.sval.sval ?? ''
  if (constant?.ival !== undefined) return String(constant.ival.ival ?? 0)
  const cast = as(node, 'TypeCast')
  if (cast !== undefined) return foldText(cast.arg, values)
  const column = as(node, 'ColumnRef')
  if (column !== undefined) return values.get(texts(column.fields).join('.')) ?? null
  const operator = as(node, 'A_Expr')
  if (operator !== undefined && text(operator.name?.[0]) === '||') {
    const [left, right] = [foldText(operator.lexpr, values), foldText(operator.rexpr, values)]
    return left === null || right === null ? null : left + right
  }
  const call = as(node, 'FuncCall')
  return call === undefined ? null : foldCall(call, values)
}

function foldCall(call: NodeOf<'FuncCall'>, values: Values): string | null {
  const folded = (call.args ?? []).map((one) => foldText(one, values))
  const args = folded.flatMap((one) => one ?? [])
  if (args.length < folded.length) return null
  const [first = ''] = args
  switch (texts(call.funcname).at(-1)) {
    case 'format':
      return format(args)
    case 'concat':
      return args.join('')
    case 'lower':
      return first.toLowerCase()
    case 'quote_ident':
      return quoteIdentifier(first)
    case 'quote_literal':
      return quoteLiteral(first)
    default:
      return null
  }
}

function format([pattern = '', ...values]: readonly string[]): string {
  let next = 0
  return pattern.replaceAll(/%(?:(\d+)\$)?([sIL%])/g, (_all, place: string | undefined, kind: string) => {
    if (kind === '%') return '%'
    const value = values[place === undefined ? next++ : Number(place) - 1] ?? ''
    if (kind === 'I') return quoteIdentifier(value)
    return kind === 'L' ? quoteLiteral(value) : value
  })
}

function quoteIdentifier(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`
}

function quoteLiteral(value: string): string {
  return `'${value.replaceAll("'", "''")}'`
}

/** The expression of a body, as it is written there. */
export function parseExpression(parser: SqlParser, expression: string): Node | undefined {
  const parsed = parser.parse(`SELECT ${expression}`)
  if ('message' in parsed) return undefined
  const [target] = as(parsed[0]?.stmt, 'SelectStmt')?.targetList ?? []
  return as(target, 'ResTarget')?.val
}

/** The elements of `ARRAY['a', 'b']` or `'{a,b}'`; null when one of them is not constant. */
export function foldArray(node: Node | undefined, values: Values): readonly string[] | null {
  const cast = as(node, 'TypeCast')
  if (cast !== undefined) return foldArray(cast.arg, values)
  const array = as(node, 'A_ArrayExpr')
  if (array !== undefined) {
    const elements = (array.elements ?? []).map((one) => foldText(one, values))
    const known = elements.flatMap((one) => one ?? [])
    return known.length === elements.length ? known : null
  }
  const written = /^\{([\w, ]*)\}$/.exec(as(node, 'A_Const')?.sval?.sval ?? '')?.[1]
  return written === undefined ? null : written.split(',').map((one) => one.trim())
}
