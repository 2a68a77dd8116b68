import { constantRounds, type LoopFields, type Names } from './constant-loop.ts'
import { foldArray, foldText, parseExpression, type Values } from './fold-text.ts'
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
const LOOPS = new Set(['PLpgSQL_stmt_foreach_a', 'PLpgSQL_stmt_fori', 'PLpgSQL_stmt_fors'])
const MAX_DEPTH = 500
/** Loops within loops multiply. Past this a loop is taken as one whose rounds nobody knows. */
const MAX_ROUNDS = 10_000

/** The SQL of a DO block or a function in PL/pgSQL. Throws what the parser says when the body is none. */
export function bodyStatements(parser: SqlParser, statement: string): readonly BodyStatement[] {
  const found: BodyStatement[] = []
  const body = parser.parsePlpgsql(statement)
  const { names, constants } = readVariables(parser, body)
  let roundsLeft = MAX_ROUNDS
  const visit = (node: unknown, isConditional: boolean, values: Values, depth: number): void => {
    if (typeof node !== 'object' || node === null) return
    if (depth > MAX_DEPTH) throw new RangeError('the body is nested too deeply')
    if (Array.isArray(node)) {
      for (const one of node) visit(one, isConditional, values, depth + 1)
      return
    }
    for (const [key, value] of Object.entries(node)) {
      const run = runBy(parser, key, value, values)
      if (run !== null) found.push({ ...run, isConditional })
      const rounds =
        LOOPS.has(key) && roundsLeft > 0 ? constantRounds(parser, key, value as LoopFields, names, values) : null
      roundsLeft -= rounds?.length ?? 0
      const isMaybe = isConditional || (rounds === null && CONDITIONAL.has(key)) || 'exceptions' in node
      for (const round of rounds ?? [values]) visit(value, isMaybe, round, depth + 1)
    }
  }
  visit(body, false, constants, 0)
  return found
}

interface Variable {
  readonly refname?: string
  readonly default_val?: { readonly PLpgSQL_expr?: { readonly query?: string } }
}

/** Variables that are declared with a constant and that nothing in the body sets. */
function readVariables(parser: SqlParser, body: unknown): { readonly names: Names; readonly constants: Values } {
  const variables: (Variable | undefined)[] = []
  const set = new Set<number>()
  const look = (node: unknown, depth: number): void => {
    if (typeof node !== 'object' || node === null || depth > MAX_DEPTH) return
    for (const [key, value] of Object.entries(node)) {
      if (key === 'varno' && typeof value === 'number') set.add(value)
      if (key === 'datums' && Array.isArray(value)) variables.push(...value.map((one) => one.PLpgSQL_var))
      look(value, depth + 1)
    }
  }
  look(body, 0)
  const constants = new Map<string, string>()
  const arrays = new Map<string, readonly string[]>()
  variables.forEach((one, at) => {
    const written = one?.default_val?.PLpgSQL_expr?.query
    if (one?.refname === undefined || written === undefined || set.has(at)) return
    const value = parseExpression(parser, written)
    const text = foldText(value, constants)
    if (text !== null) constants.set(one.refname, text)
    const array = foldArray(value, constants)
    if (array !== null) arrays.set(one.refname, array)
  })
  const names = {
    variable: (varno: number | undefined) => variables[varno ?? -1]?.refname ?? '',
    array: (name: string) => arrays.get(name) ?? null,
  }
  return { names, constants }
}

interface Fields {
  readonly lineno?: number
  readonly sqlstmt?: { readonly PLpgSQL_expr?: { readonly query?: string } }
  readonly query?: { readonly PLpgSQL_expr?: { readonly query?: string } }
  readonly expr?: { readonly PLpgSQL_expr?: { readonly query?: string } }
}

function runBy(
  parser: SqlParser,
  key: string,
  value: unknown,
  values: Values,
): Omit<BodyStatement, 'isConditional'> | null {
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
    return { sql: foldText(parseExpression(parser, written), values), written, line }
  }
  return null
}

/** Where the body of a DO or CREATE FUNCTION statement begins, from the statement's beginning. */
export function bodyStart(statement: string): number {
  for (const { kind, start } of scanPieces(statement)) if (kind === 'dollar') return start
  return 0
}
