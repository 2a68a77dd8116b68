import { usageError } from '../../domain/errors.ts'
import { deparseExpression, deparseStatement } from '../sql/deparse.ts'
import { as, type Node, type NodeOf, walk } from '../sql/node.ts'
import { parseFile } from '../sql/parse-file.ts'
import type { SqlParser } from '../sql/parser.ts'

/** A change of rows that can be made in pieces: one UPDATE or DELETE of one table. */
export interface BackfillStatement {
  readonly schema: string | null
  readonly table: string
  /** By which the statement knows the table: its alias, or its name. */
  readonly alias: string
  /** Up to the condition: `UPDATE users SET handle = nick`. */
  readonly head: string
  /** What holds for a row that is still to be done, and for none that is done. Null: every row, once. */
  readonly where: string | null
}

/**
 * Reads the one statement of a backfill. Errors (kind `usage`): `backfill-unreadable`, and `backfill-not-in-pieces` for what means something
 * else when it is run for a part of the rows.
 */
export function readBackfill(parser: SqlParser, text: string): BackfillStatement {
  const { statements, problems } = parseFile(parser, text, text)
  const [problem] = problems
  if (problem !== undefined) throw usageError(problem.message, { code: 'backfill-unreadable' })
  const [first, ...others] = statements
  if (first === undefined || others.length > 0)
    throw notInPieces(`a backfill is one statement, and this has ${statements.length}`)
  const update = as(first.node, 'UpdateStmt')
  const remove = as(first.node, 'DeleteStmt')
  const node = update ?? remove
  if (node === undefined) throw notInPieces('a backfill is an UPDATE or a DELETE')
  const why = whyNot(node)
  if (why !== null) throw notInPieces(why)
  const { schemaname, relname = '', alias } = node.relation ?? {}
  const { whereClause, ...rest } = node
  const whole = (update === undefined ? { DeleteStmt: rest } : { UpdateStmt: rest }) as Node
  return {
    schema: schemaname ?? null,
    table: relname,
    alias: alias?.aliasname ?? relname,
    head: deparseStatement(parser, whole),
    where: whereClause === undefined ? null : deparseExpression(parser, whereClause),
  }
}

function whyNot(node: NodeOf<'UpdateStmt'> | NodeOf<'DeleteStmt'>): string | null {
  const others = 'fromClause' in node ? node.fromClause : 'usingClause' in node ? node.usingClause : undefined
  if ((others ?? []).length > 0) return 'another table in FROM or USING: write it as a subquery'
  if (node.withClause !== undefined) return 'WITH is not run in pieces'
  if (as(node.whereClause, 'CurrentOfExpr') !== undefined) return 'WHERE CURRENT OF is no condition'
  const isReturning = 'returningClause' in node ? node.returningClause !== undefined : hasReturning(node)
  if (isReturning) return 'RETURNING goes nowhere here'
  let hasParameter = false
  walk(node, (tag) => {
    hasParameter ||= tag === 'ParamRef'
    return true
  })
  return hasParameter ? 'a parameter ($1) has no value here' : null
}

/** The name of the field before PostgreSQL 18's grammar. */
function hasReturning(node: object): boolean {
  return 'returningList' in node && (node.returningList as readonly unknown[]).length > 0
}

function notInPieces(message: string) {
  return usageError(message, {
    code: 'backfill-not-in-pieces',
    hint: 'UPDATE table SET column = … WHERE what is still to be done',
  })
}
