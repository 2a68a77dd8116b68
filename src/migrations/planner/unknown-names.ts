import type { Column, Relation, Table } from '../catalog/types.ts'
import type { Applied } from '../replay/changes.ts'
import type { Finding } from '../rules/judge.ts'
import { as, type Node, tagOf } from '../sql/node.ts'

/** What a statement about something that is not there looks like: it changes nothing. */
const CHANGES_SOMETHING = new Set<string>([
  'AlterTableStmt',
  'RenameStmt',
  'DropStmt',
  'AlterEnumStmt',
  'AlterDomainStmt',
  'UpdateStmt',
  'DeleteStmt',
  'TruncateStmt',
  'IndexStmt',
  'AlterObjectSchemaStmt',
])

/**
 * Why the plan of a statement would be about nothing: it names a table or a column that no migration makes. `relations` are those before it; null
 * when everything is there, or when nobody can tell.
 */
export function unknownName(
  node: Node,
  { changes }: Applied,
  findings: readonly Finding[],
  relations: readonly Relation[],
): string | null {
  const known = new Set(relations.map(({ oid }) => oid))
  for (const one of changes) {
    if ('table' in one && one.table?.isAssumed === true && !known.has(one.table.oid))
      return `no migration of the history makes the table ${one.table.name}`
  }
  const [schema, table, names] = namesIn(node)
  const found = relations.filter(
    (one) => one.kind === 'table' && one.name === table && (schema === undefined || one.schema === schema),
  ) as readonly Table[]
  const [only, ...others] = found
  if (only !== undefined && others.length === 0 && !only.isAssumed) {
    const missing = names.find((name) => !has(only, name))
    if (missing !== undefined) return `${only.name} has no ${missing}`
  }
  const isSomething = changes.length > 0 || findings.some(({ severity }) => severity !== 'note')
  if (isSomething || !CHANGES_SOMETHING.has(tagOf(node)) || isStorage(node) || isOptional(node)) return null
  return 'it changes nothing that we follow in the migrations: is the name right?'
}

function has({ columns, constraints }: Table, name: string): boolean {
  const named = ({ name: one }: Pick<Column, 'name'>) => one === name
  return columns.some(named) || constraints.some(named)
}

const OF_COLUMN =
  /^AT_(ColumnDefault|SetNotNull|DropNotNull|AlterColumnType|DropColumn|AddIdentity|DropIdentity|SetIdentity|DropConstraint|ValidateConstraint)$/

/** Schema, table, and the names in it that must be there. */
function namesIn(node: Node): readonly [string | undefined, string | undefined, readonly string[]] {
  const rename = as(node, 'RenameStmt')
  if (rename !== undefined) {
    const isPart = rename.renameType === 'OBJECT_COLUMN' || rename.renameType === 'OBJECT_TABCONSTRAINT'
    const { schemaname, relname } = rename.relation ?? {}
    return [schemaname, relname, isPart ? [rename.subname ?? ''] : []]
  }
  const alter = as(node, 'AlterTableStmt')
  const { schemaname, relname } = alter?.relation ?? {}
  const names = (alter?.cmds ?? []).flatMap((one) => {
    const cmd = as(one, 'AlterTableCmd')
    const mustBe = OF_COLUMN.test(cmd?.subtype ?? '') && cmd?.missing_ok !== true
    return mustBe && cmd?.name !== undefined ? [cmd.name] : []
  })
  return [schemaname, relname, names]
}

/** Settings that the catalog does not keep. */
function isStorage(node: Node): boolean {
  const cmds = as(node, 'AlterTableStmt')?.cmds ?? []
  return cmds.some((one) => !OF_COLUMN.test(as(one, 'AlterTableCmd')?.subtype ?? ''))
}

/** IF EXISTS: whoever wrote it knew that it may not be there. */
function isOptional(node: Node): boolean {
  const cmds = as(node, 'AlterTableStmt')?.cmds ?? []
  return [
    as(node, 'DropStmt'),
    as(node, 'RenameStmt'),
    as(node, 'AlterTableStmt'),
    ...cmds.map((one) => as(one, 'AlterTableCmd')),
  ].some((one) => one?.missing_ok === true)
}
