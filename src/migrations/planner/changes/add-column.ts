import type { Table } from '../../catalog/types.ts'
import { as, type Node, type NodeOf } from '../../sql/node.ts'
import { type AskedChange, changeOf, type Planner, statementSql } from '../asked-change.ts'
import { defaultSql, typeSql } from '../describe-table.ts'
import { dropIndexSql, ident, literal, madeName, tableSql } from '../names.ts'
import { requireValue, whyNotRequire } from '../require-value.ts'
import { alone, backfillHint, backfillOf, deploy, type NoWay, type PlannedFile, together } from '../sequence.ts'

type Def = NodeOf<'ColumnDef'>

/** What stays with ADD COLUMN: no scan and no rewrite comes of it (rows 29, 42). */
const KEPT = ['CONSTR_FOREIGN', 'CONSTR_NULL', 'CONSTR_DEFAULT']

/** Rows 6, 30, 41, 43: the column first, as NULL; then what fills it; then what it must keep to. */
export const planAddColumn: Planner = (change) => {
  const added = changeOf(change, 'add-column')
  const def = added === undefined ? undefined : definitionOf(change.node)
  if (added === undefined || def === undefined) return null
  const { table, column, addition } = added
  const no = whyNot(added.addition.inline, column.generated, addition.domainIsConstrained)
  if (no !== null) return { noWay: no }
  const fill = fillOf(change, added.table)
  if (typeof fill === 'object' && fill !== null) return fill
  const isFilledLater = fill !== null
  const isRequired = column.notNull && isFilledLater
  const [on, name, label] = [`ALTER TABLE ${tableSql(table)}`, ident(column.name), `${table.name}_${column.name}`]
  const preset = isFilledLater && fill !== change.value ? [`${on} ALTER COLUMN ${name} SET DEFAULT ${fill}`] : []
  const counter = isCounted(change) ? counterOf(change, table) : null
  const stage = deploy(
    'expand',
    isRequired && preset.length === 0
      ? `Write ${table.name}.${column.name} in every INSERT; read it as one that may be NULL.`
      : `May use ${table.name}.${column.name}; read it as one that may be NULL until it is filled.`,
    together(
      `add_${label}`,
      [...(counter?.before ?? []), baseSql(change, def, isFilledLater), ...(counter?.after ?? []), ...preset],
      [`${on} DROP COLUMN ${name}`],
    ),
    ...constraintFiles(change, table, def),
  )
  if (!isFilledLater) return { stages: [stage] }
  const sql = `UPDATE ${tableSql(table)} SET ${name} = ${fill} WHERE ${name} IS NULL`
  const note = `Gives the rows that were there before a value for ${column.name}.`
  const backfill = backfillOf(`fill_${label}`, sql, note, preset.length === 0 ? 'window' : 'live')
  const last = isIdentity(change) ? identityOf(change, table) : undefined
  const notRequired = isRequired ? whyNotRequire(change, table, column.name) : null
  if (notRequired !== null) return { noWay: notRequired }
  const required = isRequired ? [requireValue(table, column.name, backfillHint(backfill), last)] : []
  return { stages: [stage, backfill, ...required] }
}

function definitionOf(node: Node): Def | undefined {
  const cmd = as(as(node, 'AlterTableStmt')?.cmds?.[0], 'AlterTableCmd')
  return cmd?.subtype === 'AT_AddColumn' ? as(cmd.def, 'ColumnDef') : undefined
}

function whyNot(inline: readonly string[], generated: string | null, isDomain: boolean): string | null {
  if (generated === 'stored')
    return 'a STORED column writes the whole table: a VIRTUAL one (PostgreSQL 18) is instant, or a plain column kept by a trigger'
  if (isDomain) return "a constrained domain writes the whole table: give the column the domain's base type and a CHECK"
  if (inline.includes('primary-key')) return 'add the column, and plan the primary key as a statement of its own'
  return null
}

/** What fills the rows of before; null when nothing has to. */
function fillOf(change: AskedChange, table: Table): string | null | NoWay {
  const added = changeOf(change, 'add-column')
  if (added === undefined) return null
  const { column, addition } = added
  if (isCounted(change)) return `nextval(${literal(tableSql({ ...table, name: counterName(change, table) }))})`
  if (addition.defaultIs === 'volatile') return defaultSql(change, table, column)
  if (!column.notNull || addition.defaultIs !== 'none') return null
  return (
    change.value ?? {
      noWay: `what do the rows of before get in ${column.name}? Say it with --value EXPRESSION, or give a DEFAULT`,
    }
  )
}

function isIdentity(change: AskedChange): boolean {
  return changeOf(change, 'add-column')?.column.identity != null
}

function isCounted(change: AskedChange): boolean {
  return isIdentity(change) || changeOf(change, 'add-column')?.addition.serial === true
}

/** An identity's sequence comes into being with it, so the rows are counted by another one until then. */
function counterName(change: AskedChange, table: Table): string {
  const column = changeOf(change, 'add-column')?.column.name ?? ''
  return madeName(table.name, column, isIdentity(change) ? 'counter' : 'seq')
}

function counterOf(change: AskedChange, table: Table) {
  const column = changeOf(change, 'add-column')?.column
  const sequence = tableSql({ ...table, name: counterName(change, table) })
  const type = column?.type?.name === 'int2' ? 'smallint' : column?.type?.name === 'int8' ? 'bigint' : 'integer'
  return {
    before: [`CREATE SEQUENCE ${sequence} AS ${type}`],
    after: [`ALTER SEQUENCE ${sequence} OWNED BY ${tableSql(table)}.${ident(column?.name ?? '')}`],
  }
}

/** In the transaction that requires the column: its own sequence goes on where the counter stands, and nobody writes in between. */
function identityOf(change: AskedChange, table: Table) {
  const column = changeOf(change, 'add-column')?.column
  const [on, name] = [`ALTER TABLE ${tableSql(table)} ALTER COLUMN ${ident(column?.name ?? '')}`, column?.name ?? '']
  const counter = tableSql({ ...table, name: counterName(change, table) })
  const sequence = `pg_get_serial_sequence(${literal(tableSql(table))}, ${literal(name)})`
  return {
    up: [
      `${on} DROP DEFAULT`,
      // Else it is the one that pg_get_serial_sequence names, and the identity would begin with numbers that rows have.
      `ALTER SEQUENCE ${counter} OWNED BY NONE`,
      `${on} ADD GENERATED ${column?.identity === 'always' ? 'ALWAYS' : 'BY DEFAULT'} AS IDENTITY`,
      `SELECT setval(${sequence}, last_value, is_called) FROM ${counter}`,
      `DROP SEQUENCE ${counter}`,
    ],
    down: [
      `CREATE SEQUENCE ${counter}`,
      `SELECT setval(${literal(counter)}, nextval(${sequence}), true)`,
      `${on} DROP IDENTITY`,
      `ALTER SEQUENCE ${counter} OWNED BY ${tableSql(table)}.${ident(name)}`,
      `${on} SET DEFAULT nextval(${literal(counter)})`,
    ],
  }
}

function baseSql(change: AskedChange, def: Def, isFilledLater: boolean): string {
  const statement = as(change.node, 'AlterTableStmt')
  const cmd = as(statement?.cmds?.[0], 'AlterTableCmd')
  const hasDefault = !isFilledLater && kindsOf(def).includes('CONSTR_DEFAULT')
  const constraints = (def.constraints ?? []).filter((one) => {
    const kind = as(one, 'Constraint')?.contype ?? ''
    if (kind === 'CONSTR_NOTNULL') return hasDefault
    if (kind === 'CONSTR_FOREIGN') return !hasDefault
    return KEPT.includes(kind) && (kind !== 'CONSTR_DEFAULT' || hasDefault)
  })
  const typeName = isCounted(change) ? plainType(change, def) : def.typeName
  const plain = { ...def, typeName, constraints } as Def
  const column = { AlterTableCmd: { ...cmd, def: { ColumnDef: plain } } } as Node
  return statementSql(change, { AlterTableStmt: { ...statement, cmds: [column] } } as Node)
}

/** `integer` for a serial. */
function plainType(change: AskedChange, def: Def): Def['typeName'] {
  const column = changeOf(change, 'add-column')?.column
  const type = column === undefined ? null : typeSql(change, column)
  const read = change.parser.parse(`CREATE TABLE t (c ${type ?? 'integer'})`)
  const element = 'message' in read ? undefined : as(read[0]?.stmt, 'CreateStmt')?.tableElts?.[0]
  return as(element, 'ColumnDef')?.typeName ?? def.typeName
}

function kindsOf(def: Def): readonly string[] {
  return (def.constraints ?? []).map((one) => as(one, 'Constraint')?.contype ?? '')
}

/** UNIQUE and CHECK, each in the way that nobody waits for. */
function constraintFiles(change: AskedChange, table: Table, def: Def): readonly PlannedFile[] {
  const on = `ALTER TABLE ${tableSql(table)}`
  const hasDefault = kindsOf(def).includes('CONSTR_DEFAULT')
  const column = ident(def.colname ?? '')
  return change.applied.changes.flatMap((one): readonly PlannedFile[] => {
    if (one.kind !== 'add-constraint') return []
    const { name, kind } = one.constraint
    const constraint = ident(name)
    const node = (def.constraints ?? []).find((each) => CONTYPES[as(each, 'Constraint')?.contype ?? ''] === kind)
    if (node === undefined) return []
    if (kind === 'unique') {
      const index = `CREATE UNIQUE INDEX CONCURRENTLY ${constraint} ON ${tableSql(table)} (${column})`
      return [
        alone(`index_${name}`, index, dropIndexSql({ ...table, name })),
        together(
          `constrain_${name}`,
          [`${on} ADD CONSTRAINT ${constraint} UNIQUE USING INDEX ${constraint}`],
          [`${on} DROP CONSTRAINT ${constraint}`],
        ),
      ]
    }
    if (kind === 'foreign-key' && !hasDefault) return []
    const added = notValid(change, table, node, name, def.colname ?? '')
    const drop = `${on} DROP CONSTRAINT ${constraint}`
    return [
      together(`add_${name}`, [added], [drop]),
      together(`validate_${name}`, [`${on} VALIDATE CONSTRAINT ${constraint}`], [drop, added]),
    ]
  })
}

const CONTYPES: Readonly<Record<string, string>> = {
  CONSTR_UNIQUE: 'unique',
  CONSTR_CHECK: 'check',
  CONSTR_FOREIGN: 'foreign-key',
}

/** A constraint of the column's, as one of the table's. */
function notValid(change: AskedChange, table: Table, node: Node, conname: string, column: string): string {
  const constraint = as(node, 'Constraint')
  const keys = constraint?.contype === 'CONSTR_FOREIGN' ? { fk_attrs: [{ String: { sval: column } }] } : {}
  const written = { ...constraint, ...keys, conname, skip_validation: true, initially_valid: false }
  const cmd = { subtype: 'AT_AddConstraint', def: { Constraint: written }, behavior: 'DROP_RESTRICT' }
  const relation = {
    relname: table.name,
    inh: true,
    relpersistence: 'p',
    ...(table.schema === 'public' ? {} : { schemaname: table.schema }),
  }
  return statementSql(change, {
    AlterTableStmt: { relation, cmds: [{ AlterTableCmd: cmd }], objtype: 'OBJECT_TABLE' },
  } as unknown as Node)
}
