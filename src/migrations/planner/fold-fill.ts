import { deparseExpression, deparseStatement } from '../sql/deparse.ts'
import { as, type Node, type NodeOf, text } from '../sql/node.ts'
import type { SqlParser } from '../sql/parser.ts'

/** A statement to plan, with what its rows get. */
export interface AskedStatement {
  readonly sql: string
  /** Null: what the person said, if they did. */
  readonly value: string | null
}

interface Read {
  readonly sql: string
  readonly node: Node | undefined
}

/**
 * ADD COLUMN, UPDATE, SET NOT NULL of one column are one change: the rows are filled when the releases write it, and not before. Without the ADD COLUMN
 * the UPDATE is still what SET NOT NULL needs. Everything else stays as it is.
 */
export function foldFill(
  parser: SqlParser,
  statements: readonly string[],
  value: string | null,
): readonly AskedStatement[] {
  const read: Read[] = statements.map((sql) => {
    const parsed = parser.parse(sql)
    return { sql, node: 'message' in parsed ? undefined : parsed[0]?.stmt }
  })
  const folded = new Map<number, AskedStatement | null>()
  for (const [at, { node, sql }] of read.entries()) {
    const required = columnOf(node, 'AT_SetNotNull')
    if (required === null) continue
    const adding = read.findIndex((one, index) => index < at && columnOf(one.node, 'AT_AddColumn') === required)
    const filling = read.findIndex(
      (one, index) => index < at && index > adding && fillOf(parser, one.node, required, adding >= 0) !== null,
    )
    const fill = fillOf(parser, read[filling]?.node, required, adding >= 0) ?? value
    if (fill === null) continue
    if (filling >= 0) folded.set(filling, null)
    const whole = requiredFromTheStart(parser, read[adding]?.node)
    folded.set(at, whole === null ? { sql, value: fill } : null)
    if (whole !== null) folded.set(adding, { sql: whole, value: fill })
  }
  return read.flatMap(({ sql }, at) => {
    const one = folded.get(at)
    return one === null ? [] : [one ?? { sql, value: null }]
  })
}

/** `users.age` of an ALTER TABLE of one command of that kind. */
function columnOf(node: Node | undefined, subtype: string): string | null {
  const alter = as(node, 'AlterTableStmt')
  const cmd = as(alter?.cmds?.[0], 'AlterTableCmd')
  if (alter === undefined || cmd?.subtype !== subtype) return null
  return nameOf(alter.relation, cmd.name ?? as(cmd.def, 'ColumnDef')?.colname ?? '')
}

function nameOf(relation: NodeOf<'RangeVar'> | undefined, column: string): string {
  return [relation?.schemaname ?? '', relation?.relname ?? '', column].join('.')
}

/** What `UPDATE t SET column = …` gives to the rows that have none; of a new column that is every row. */
function fillOf(parser: SqlParser, node: Node | undefined, column: string, isNew: boolean): string | null {
  const update = as(node, 'UpdateStmt')
  const [target, ...others] = update?.targetList ?? []
  const set = as(target, 'ResTarget')
  if (update === undefined || set?.val === undefined || others.length > 0) return null
  if (update.fromClause !== undefined || update.withClause !== undefined || update.relation?.alias !== undefined)
    return null
  if (nameOf(update.relation, set.name ?? '') !== column) return null
  const test = as(update.whereClause, 'NullTest')
  const tested = text(as(test?.arg, 'ColumnRef')?.fields?.at(-1))
  const isOfNull = test?.nulltesttype === 'IS_NULL' && tested === set.name
  return isOfNull || (isNew && update.whereClause === undefined) ? deparseExpression(parser, set.val) : null
}

/** ADD COLUMN with NOT NULL; null when a default fills the rows by itself. */
function requiredFromTheStart(parser: SqlParser, node: Node | undefined): string | null {
  const alter = as(node, 'AlterTableStmt')
  const cmd = as(alter?.cmds?.[0], 'AlterTableCmd')
  const def = as(cmd?.def, 'ColumnDef')
  if (alter === undefined || cmd === undefined || def === undefined) return null
  const constraints = def.constraints ?? []
  const kinds = constraints.map((one) => as(one, 'Constraint')?.contype ?? '')
  if (kinds.some((one) => ['CONSTR_DEFAULT', 'CONSTR_IDENTITY', 'CONSTR_GENERATED', 'CONSTR_NOTNULL'].includes(one)))
    return null
  const column = { ColumnDef: { ...def, constraints: [...constraints, ...notNull(parser)] } }
  return deparseStatement(parser, {
    AlterTableStmt: { ...alter, cmds: [{ AlterTableCmd: { ...cmd, def: column } }] },
  } as Node)
}

/** As this grammar writes it. */
function notNull(parser: SqlParser): readonly Node[] {
  const read = parser.parse('CREATE TABLE t (c int NOT NULL)')
  const element = 'message' in read ? undefined : as(read[0]?.stmt, 'CreateStmt')?.tableElts?.[0]
  return as(element, 'ColumnDef')?.constraints ?? []
}
