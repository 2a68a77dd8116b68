import type { Column, Index, Table } from '../catalog/types.ts'

/**
 * PostgreSQL keeps a column's number in its expressions, so a rename changes what they say. Ours are texts of trees: the name is replaced where
 * a tree refers to the column.
 */
export function renameInExpressions(text: string, from: string, to: string): string {
  const refer = (name: string) => `"fields":[{"String":{"sval":${JSON.stringify(name)}}}]`
  // An index's definition holds trees inside of a tree's text.
  const inner = (name: string) => JSON.stringify(refer(name)).slice(1, -1)
  return text.replaceAll(refer(from), refer(to)).replaceAll(inner(from), inner(to))
}

/** Whether the text of a tree refers to a column of that name. */
export function mentionsColumn(text: string | null, name: string): boolean {
  return text?.includes(`"fields":[{"String":{"sval":${JSON.stringify(name)}}}]`) === true
}

/** By its keys, what it carries along, an expression or its condition: with the column goes the index. */
export function indexUses(index: Index, { id, name }: Column): boolean {
  return (
    index.includes.includes(id) ||
    mentionsColumn(index.where, name) ||
    index.keys.some((key) => key.column === id || mentionsColumn(key.expression, name))
  )
}

export function tableWithRenamed(table: Table, { name }: Column, to: string): Table {
  const constraints = table.constraints.map((one) => ({
    ...one,
    definition: renameInExpressions(one.definition, name, to),
  }))
  return { ...table, constraints }
}

export function indexWithRenamed(index: Index, { name }: Column, to: string): Index {
  const renamed = <T extends string | null>(text: T) =>
    (text === null ? text : renameInExpressions(text, name, to)) as T
  return {
    ...index,
    keys: index.keys.map((key) => ({ ...key, expression: renamed(key.expression) })),
    where: renamed(index.where),
    definition: renamed(index.definition),
  }
}
