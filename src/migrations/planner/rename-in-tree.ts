import type { Node } from '../sql/node.ts'

/** The tree with one column under another name; `to` of two names is `new.nick`. */
export function renameColumnIn(node: Node, from: string, to: readonly string[]): Node {
  return JSON.parse(JSON.stringify(node), (_key, value: unknown) => {
    const fields = (value as { ColumnRef?: { fields?: readonly Node[] } } | null)?.ColumnRef?.fields
    const last = (fields?.at(-1) as { String?: { sval?: string } } | undefined)?.String?.sval
    if (fields === undefined || last !== from) return value
    return { ColumnRef: { fields: to.map((sval) => ({ String: { sval } })) } }
  }) as Node
}

/** The tree with every column as one of the trigger's new row. */
export function asNewRow(node: Node): Node {
  return JSON.parse(JSON.stringify(node), (_key, value: unknown) => {
    const fields = (value as { ColumnRef?: { fields?: readonly Node[] } } | null)?.ColumnRef?.fields
    if (fields === undefined) return value
    return { ColumnRef: { fields: [{ String: { sval: 'new' } }, ...fields.slice(-1)] } }
  }) as Node
}
