import type { Routine, UserType } from '../../catalog/types.ts'
import type { Change } from '../../replay/changes.ts'
import { as, type Node, text } from '../../sql/node.ts'
import { type AskedChange, changeOf, type Planner, statementSql } from '../asked-change.ts'
import { argumentsSql, constraintSql, defaultSql, indexSql, tableAsSql } from '../describe-table.ts'
import { ident, literal, tableSql } from '../names.ts'
import { alone, deploy, marker, together } from '../sequence.ts'

interface Words {
  readonly label: string
  /** What the releases stop, or begin, to do. */
  readonly code: string
  /** The way back. Null: no migration says it. */
  readonly down: readonly string[] | null
}

/** What is instant and breaks whoever counts on the old shape: releases stop counting on it, then it is done as it was asked for. */
export const planStopThenContract: Planner = (change) => {
  const identity = changeOf(change, 'add-identity')
  if (identity !== undefined && identity.column.default !== null)
    return {
      noWay: `PostgreSQL takes no identity where ${identity.column.name} has a DEFAULT: plan its DROP DEFAULT before`,
    }
  const words =
    change.applied.changes.map((one) => wordsFor(change, one)).find((one) => one !== null) ?? nodeWords(change)
  if (words === null) return null
  const down = words.down ?? ['-- No migration says what was there before: write it here']
  const index = changeOf(change, 'drop-index')
  const isIndex = index !== undefined
  return {
    stages: [
      deploy('switch', words.code, marker(`prepare_${words.label}`)),
      deploy(
        'contract',
        'Nothing new.',
        isIndex
          ? alone(words.label, `DROP INDEX CONCURRENTLY ${tableSql(index.index)}`, down[0] ?? 'SELECT 1')
          : together(words.label, [change.sql], down),
      ),
    ],
  }
}

function wordsFor(change: AskedChange, one: Change): Words | null {
  return columnWords(change, one) ?? tableWords(change, one) ?? objectWords(change, one)
}

/** What the catalog does not keep, and the statement says. */
function nodeWords(change: AskedChange): Words | null {
  const grant = as(change.node, 'GrantStmt')
  if (grant !== undefined && grant.is_grant !== true) {
    const { behavior: _behavior, ...rest } = grant
    const back = { GrantStmt: { ...rest, is_grant: true, behavior: 'DROP_RESTRICT' } } as Node
    return { label: 'revoke', code: 'Do without what is revoked.', down: [statementSql(change, back)] }
  }
  const drop = as(change.node, 'DropStmt')
  if (drop?.removeType !== 'OBJECT_EXTENSION') return null
  const name = text(drop.objects?.[0])
  const down = drop.behavior === 'DROP_CASCADE' ? null : [`CREATE EXTENSION ${ident(name)}`]
  return { label: `drop_extension_${name}`, code: `Use nothing of the extension ${name}.`, down }
}

function columnWords(change: AskedChange, one: Change): Words | null {
  if (!('column' in one)) return null
  const { table, column } = one
  const [label, where] = [`${table.name}_${column.name}`, `${table.name}.${column.name}`]
  const alter = `ALTER TABLE ${tableSql(table)} ALTER COLUMN ${ident(column.name)}`
  switch (one.kind) {
    case 'drop-not-null':
      return {
        label: `free_${label}`,
        code: `Read NULL in ${where}; do not write it yet.`,
        down: [`${alter} SET NOT NULL`],
      }
    case 'drop-default': {
      const preset = defaultSql(change, table, column)
      const down = preset === null ? null : [`${alter} SET DEFAULT ${preset}`]
      return { label: `drop_${label}_default`, code: `Name ${where} with a value in every INSERT.`, down }
    }
    case 'add-identity':
      return {
        label: `count_${label}`,
        code: `Leave ${where} out of every INSERT and UPDATE.`,
        down: [`${alter} DROP IDENTITY`],
      }
    case 'drop-identity':
      return { label: `stop_counting_${label}`, code: `Name ${where} with a value in every INSERT.`, down: null }
    default:
      return null
  }
}

function tableWords(change: AskedChange, one: Change): Words | null {
  switch (one.kind) {
    case 'drop-table':
      return {
        label: `drop_${one.table.name}`,
        code: `Neither read nor write ${one.table.name}.`,
        // What CASCADE took along is not in the catalog as SQL.
        down: change.applied.changes.length > 1 ? null : tableAsSql(change, one.table),
      }
    case 'drop-constraint': {
      const sql = constraintSql(change, one.table, one.constraint)
      const down =
        sql === null ? null : [`ALTER TABLE ${tableSql(one.table)} ADD CONSTRAINT ${ident(one.constraint.name)} ${sql}`]
      const code = `Count on ${one.constraint.name} no more: no ON CONFLICT on its columns, no foreign key at them.`
      return { label: `drop_${one.constraint.name}`, code, down }
    }
    case 'drop-index': {
      const sql =
        one.table === null ? null : indexSql(change, one.table, one.index, { name: one.index.name, isConcurrent: true })
      const code = `Count on ${one.index.name} no more: no ON CONFLICT on its columns.`
      return { label: `drop_${one.index.name}`, code, down: sql === null ? null : [sql] }
    }
    case 'drop-trigger':
      return {
        label: `drop_${one.name}`,
        code: `Do in the code what the trigger ${one.name} did, or without it.`,
        down: null,
      }
    case 'row-security':
      return {
        label: `secure_${one.table.name}`,
        code: `Run with roles and settings that the policies of ${one.table.name} let through.`,
        down: [`ALTER TABLE ${tableSql(one.table)} ${ROW_SECURITY_BACK[one.to]} ROW LEVEL SECURITY`],
      }
    case 'change-policy':
      return {
        label: `change_${one.policy.name}`,
        code: `Ask only for rows of ${one.table.name} that the new policy shows.`,
        down: one.by === 'create' ? [`DROP POLICY ${ident(one.policy.name)} ON ${tableSql(one.table)}`] : null,
      }
    default:
      return null
  }
}

/** Of a routine that is renamed or goes to another schema; null when it is dropped. */
function moveBack({ node }: AskedChange, { kind, schema, name, arguments: takes }: Routine): readonly string[] | null {
  const [rename, move] = [as(node, 'RenameStmt'), as(node, 'AlterObjectSchemaStmt')]
  const now = rename === undefined ? { schema: move?.newschema, name } : { schema, name: rename.newname }
  if (now.schema === undefined || now.name === undefined) return null
  const alter = `ALTER ${kind.toUpperCase()} ${tableSql({ schema: now.schema, name: now.name })}(${argumentsSql(takes)})`
  return [rename === undefined ? `${alter} SET SCHEMA ${ident(schema)}` : `${alter} RENAME TO ${ident(name)}`]
}

/** As it is now: its name and its labels may not be those that it was made with. */
function enumSql(type: UserType): readonly string[] | null {
  if (type.kind !== 'enum') return null
  return [`CREATE TYPE ${tableSql(type)} AS ENUM (${type.labels.map((one) => literal(one.text)).join(', ')})`]
}

const ROW_SECURITY_BACK = { on: 'DISABLE', off: 'ENABLE', forced: 'NO FORCE', unforced: 'FORCE' } as const

function objectWords(change: AskedChange, one: Change): Words | null {
  const creation = (kind: Change['kind'], oid: number) => {
    const text = change.creationOf(kind, oid)
    return text === null ? null : [text]
  }
  switch (one.kind) {
    case 'drop-view':
      return {
        label: `drop_${one.view.name}`,
        code: `Do not read ${one.view.name}.`,
        down: creation('create-view', one.view.oid),
      }
    case 'replace-view':
      return {
        label: `replace_${one.view.name}`,
        code: `Read ${one.view.name} in a way that works before and after.`,
        down: creation('create-view', one.view.oid),
      }
    case 'drop-routine':
      return {
        label: `drop_${one.routine.name}`,
        code: `Do not call ${one.routine.name}.`,
        down: moveBack(change, one.routine) ?? creation('create-routine', one.routine.oid),
      }
    case 'create-routine':
      return one.replaced === null
        ? null
        : {
            label: `replace_${one.routine.name}`,
            code: `Call ${one.routine.name} in a way that works before and after.`,
            down: creation('create-routine', one.replaced.oid),
          }
    case 'drop-type':
      return {
        label: `drop_${one.type.name}`,
        code: `Do not name the type ${one.type.name}.`,
        down: enumSql(one.type) ?? creation('create-type', one.type.oid),
      }
    case 'rename-type':
      return {
        label: `rename_${one.type.name}`,
        code: `Name the type ${one.type.name} nowhere: no cast to it, no parameter of it.`,
        down: [`ALTER TYPE ${tableSql({ schema: one.toSchema, name: one.toName })} RENAME TO ${ident(one.type.name)}`],
      }
    case 'drop-sequence':
      return {
        label: `drop_${one.relation.name}`,
        code: `Ask ${one.relation.name} for no number.`,
        down: [`CREATE SEQUENCE ${tableSql(one.relation)}`],
      }
    default:
      return null
  }
}
