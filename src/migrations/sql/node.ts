import type * as Pg from 'libpg-query'

/** A node of PostgreSQL's raw parse tree, as libpg_query prints it: one key, the node's name. Zero, false and empty fields are left out. */
export type Node = Pg.Node

export type Tag = Node extends infer One ? (One extends unknown ? keyof One : never) : never
export type NodeOf<T extends Tag> = Extract<Node, Record<T, unknown>>[T]

/** The fields of a node when it is of that kind. */
export function as<T extends Tag>(node: Node | undefined, tag: T): NodeOf<T> | undefined {
  return (node as { readonly [key: string]: NodeOf<T> | undefined } | undefined)?.[tag]
}

export function tagOf(node: Node): Tag {
  for (const key in node) return key as Tag
  throw new TypeError('a parse node has one key')
}

/** The text of a `String` node; '' for anything else. */
export function text(node: Node | undefined): string {
  return as(node, 'String')?.sval ?? ''
}

/** `["public", "users"]` of a list of `String` nodes. */
export function texts(nodes: readonly Node[] | undefined): readonly string[] {
  return (nodes ?? []).map(text)
}

/** The texts of a `List` node, which is how DROP and COMMENT name their objects. */
export function listTexts(node: Node | undefined): readonly string[] {
  const list = as(node, 'List')
  return list === undefined ? [text(node)] : texts(list.items)
}

/** Calls back for the node and every node below it, parents first. Children of a node for which it returns false are left out. */
export function walk(
  node: unknown,
  visit: (tag: string, fields: Record<string, unknown>) => boolean | undefined,
): void {
  if (Array.isArray(node)) {
    for (const one of node) walk(one, visit)
    return
  }
  if (typeof node !== 'object' || node === null) return
  for (const [key, value] of Object.entries(node)) {
    if (typeof value !== 'object' || value === null) continue
    const isNode = key.charCodeAt(0) < 91 && !Array.isArray(value)
    if (isNode && visit(key, value as Record<string, unknown>) === false) continue
    walk(value, visit)
  }
}

const PLACE = /,?"(?:stmt_)?location":-?\d+/g

/** The same text for the same expression wherever it stands: the tree without places. In a string of the tree, quotes are escaped. */
export function fingerprint(node: unknown): string {
  return JSON.stringify(node ?? null).replaceAll(PLACE, '')
}
