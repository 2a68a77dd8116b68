import { as, type Node, text, texts } from './node.ts'
import type { SqlParser } from './parser.ts'
import { scanPieces } from './scan-pieces.ts'

/** One SQL text that a PL/pgSQL body runs. */
export interface BodyStatement {
  /** Null when the text is put together at run time. */
  readonly sql: string | null
  /** What is executed, as written; for messages. */
  readonly written: string
  /** From the line on which the body begins, from 0. */
  readonly line: number
  readonly isConditional: boolean
}

const CONDITIONAL = new Set([
  'PLpgSQL_stmt_if',
  'PLpgSQL_stmt_case',
  'PLpgSQL_stmt_loop',
  'PLpgSQL_stmt_while',
  'PLpgSQL_stmt_fori',
  'PLpgSQL_stmt_fors',
  'PLpgSQL_stmt_forc',
  'PLpgSQL_stmt_dynfors',
  'PLpgSQL_stmt_foreach_a',
  'PLpgSQL_exception_block',
])
const MAX_DEPTH = 500

/** The SQL of a DO block or a function in PL/pgSQL. Throws what the parser says when the body is none. */
export function bodyStatements(parser: SqlParser, statement: string): readonly BodyStatement[] {
  const found: BodyStatement[] = []
  const visit = (node: unknown, isConditional: boolean, depth: number): void => {
    if (typeof node !== 'object' || node === null) return
    if (depth > MAX_DEPTH) throw new RangeError('the body is nested too deeply')
    if (Array.isArray(node)) {
      for (const one of node) visit(one, isConditional, depth + 1)
      return
    }
    for (const [key, value] of Object.entries(node)) {
      const run = runBy(parser, key, value)
      if (run !== null) found.push({ ...run, isConditional })
      visit(value, isConditional || CONDITIONAL.has(key) || 'exceptions' in node, depth + 1)
    }
  }
  visit(parser.parsePlpgsql(statement), false, 0)
  return found
}

interface Fields {
  readonly lineno?: number
  readonly sqlstmt?: { readonly PLpgSQL_expr?: { readonly query?: string } }
  readonly query?: { readonly PLpgSQL_expr?: { readonly query?: string } }
  readonly expr?: { readonly PLpgSQL_expr?: { readonly query?: string } }
}

function runBy(parser: SqlParser, key: string, value: unknown): Omit<BodyStatement, 'isConditional'> | null {
  const fields = value as Fields
  const line = Math.max(0, (fields?.lineno ?? 1) - 1)
  if (key === 'PLpgSQL_stmt_execsql') {
    const sql = fields.sqlstmt?.PLpgSQL_expr?.query ?? ''
    return { sql, written: sql, line }
  }
  if (key === 'PLpgSQL_stmt_perform') {
    const sql = fields.expr?.PLpgSQL_expr?.query ?? ''
    return { sql, written: sql, line }
  }
  if (key === 'PLpgSQL_stmt_dynexecute' || key === 'PLpgSQL_stmt_dynfors') {
    const written = fields.query?.PLpgSQL_expr?.query ?? ''
    return { sql: constantText(parser, written), written, line }
  }
  return null
}

/** `'ALTER …'`, `'a' || 'b'`, `format('DROP TABLE %I', 'x')`: the text when every part of it is constant. */
function constantText(parser: SqlParser, expression: string): string | null {
  const parsed = parser.parse(`SELECT ${expression}`)
  if ('message' in parsed) return null
  const target = as(parsed[0]?.stmt, 'SelectStmt')?.targetList?.[0]
  return fold(as(target, 'ResTarget')?.val)
}

function fold(node: Node | undefined): string | null {
  const constant = as(node, 'A_Const')
  if (constant?.sval !== undefined) return constant.sval.sval ?? ''
  if (constant?.ival !== undefined) return String(constant.ival.ival ?? 0)
  const cast = as(node, 'TypeCast')
  if (cast !== undefined) return fold(cast.arg)
  const operator = as(node, 'A_Expr')
  if (operator !== undefined && text(operator.name?.[0]) === '||') {
    const [left, right] = [fold(operator.lexpr), fold(operator.rexpr)]
    return left === null || right === null ? null : left + right
  }
  const call = as(node, 'FuncCall')
  if (call === undefined) return null
  const name = texts(call.funcname).at(-1)
  const args = (call.args ?? []).map(fold)
  if (args.some((one) => one === null)) return null
  if (name === 'quote_ident') return quoteIdentifier(args[0] ?? '')
  return name === 'format' ? format(args as readonly string[]) : null
}

function format([pattern = '', ...values]: readonly string[]): string {
  let next = 0
  return pattern.replaceAll(/%(?:(\d+)\$)?([sIL%])/g, (_all, place: string | undefined, kind: string) => {
    if (kind === '%') return '%'
    const value = values[place === undefined ? next++ : Number(place) - 1] ?? ''
    if (kind === 'I') return quoteIdentifier(value)
    return kind === 'L' ? `'${value.replaceAll("'", "''")}'` : value
  })
}

function quoteIdentifier(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`
}

/** Where the body of a DO or CREATE FUNCTION statement begins, from the statement's beginning. */
export function bodyStart(statement: string): number {
  for (const { kind, start } of scanPieces(statement)) if (kind === 'dollar') return start
  return 0
}
