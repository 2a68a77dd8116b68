import type { Column, Constraint, Table } from '../catalog/types.ts'
import type { Applied, Change } from '../replay/changes.ts'

/**
 * The words (read-uses.ts) that say that somebody meets a change. A word ending in `.` stands for all that begin with it. Null: nobody can tell from a
 * query whether it meets the change, so everybody does.
 */
export function wordsOf(change: Change): readonly string[] | null {
  switch (change.kind) {
    case 'drop-column':
    case 'rename-column':
    case 'change-type':
      return [columnWord(change.table, change.column), `${nameOf(change.table)}.*`]
    case 'add-column':
      return [`insert ${nameOf(change.table)}`]
    case 'set-not-null':
    case 'drop-default':
    case 'set-default':
    case 'add-identity':
    case 'drop-identity':
      return [`insert ${nameOf(change.table)}`, `update ${columnWord(change.table, change.column)}`]
    case 'add-constraint':
      return [
        ...writesOf(change.table, change.constraint),
        ...(change.target === null ? [] : removalsOf(change.target)),
      ]
    case 'create-index':
      return change.index.isUnique ? [`insert ${nameOf(change.table)}`, `update ${nameOf(change.table)}.`] : []
    case 'drop-constraint':
      return [`conflict ${nameOf(change.table)}`]
    case 'drop-index':
      return change.table === null ? null : [`conflict ${nameOf(change.table)}`]
    case 'create-trigger':
    case 'drop-trigger':
      return change.table === null ? null : anyOf(nameOf(change.table), ['insert ', 'update ', 'delete '])
    case 'drop-table':
    case 'toggle-trigger':
    case 'row-security':
    case 'change-policy':
    case 'truncate':
      return anyOf(nameOf(change.table))
    case 'rename-relation':
    case 'drop-sequence':
    case 'change-owner':
      return anyOf(nameOf(change.relation))
    case 'drop-view':
    case 'replace-view':
      return anyOf(nameOf(change.view))
    case 'attach-partition':
    case 'detach-partition':
      return [...anyOf(nameOf(change.table)), ...anyOf(nameOf(change.partition))]
    case 'drop-type':
    case 'rename-type':
    case 'add-enum-value':
    case 'rename-enum-value':
    case 'constrain-domain':
      return [`type ${nameOf(change.type)}`]
    case 'drop-routine':
    case 'create-routine':
      return [`function ${nameOf(change.routine)}`]
    case 'create-table':
    case 'create-view':
    case 'create-type':
    case 'validate-constraint':
    case 'drop-not-null':
    case 'change-storage':
      return []
    default:
      return null
  }
}

/** Names that the text of a view, a trigger or a function would have to hold to meet the change behind the query's back. */
export function hiddenNames(change: Change): readonly string[] {
  if ('column' in change && change.kind !== 'add-column') return [change.column.name]
  if ('routine' in change) return [change.routine.name]
  if ('type' in change) return [change.type.name]
  if ('relation' in change) return [change.relation.name]
  if ('view' in change) return [change.view.name]
  return 'table' in change && change.table !== null ? [change.table.name] : []
}

/** Whether a query with these words meets what the statement does. By statement: of one that changes several things, all count. */
export function meets(uses: readonly string[], { changes }: Applied): boolean {
  return changes.some((change) => {
    const words = wordsOf(change)
    if (words === null) return true
    return uses.some((used) => words.some((word) => (word.endsWith('.') ? used.startsWith(word) : used === word)))
  })
}

interface Named {
  readonly schema: string
  readonly name: string
}

function nameOf({ schema, name }: Named): string {
  return `${schema}.${name}`
}

function columnWord(table: Table, column: Column): string {
  return `${nameOf(table)}.${column.name}`
}

function anyOf(name: string, verbs: readonly string[] = ['']): readonly string[] {
  return verbs.flatMap((verb) => [`${verb}${name}`, `${verb}${name}.`])
}

function writesOf(table: Table, { columns }: Constraint): readonly string[] {
  const name = nameOf(table)
  const named = table.columns.filter(({ id }) => columns.includes(id)).map((one) => `update ${columnWord(table, one)}`)
  return [`insert ${name}`, ...(named.length === columns.length && named.length > 0 ? named : [`update ${name}.`])]
}

/** A foreign key keeps rows of its target from being changed or removed. */
function removalsOf(target: Table): readonly string[] {
  return [`delete ${nameOf(target)}`, `update ${nameOf(target)}.`]
}
