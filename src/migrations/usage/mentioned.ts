import { as, type Node, texts, walk } from '../sql/node.ts'

/** Names in a query, before anybody asks what they mean. */
export interface Mentioned {
  /** By alias, or by name where there is none. */
  readonly relations: ReadonlyMap<string, readonly { readonly schema: string | null; readonly name: string }[]>
  /** `of`: the alias in front, null without one. `*` for every column. */
  readonly columns: readonly { readonly of: string | null; readonly column: string }[]
  /** `alias` as in `relations`. An INSERT that names no columns has `*`. */
  readonly writes: readonly {
    readonly action: 'insert' | 'update' | 'delete' | 'conflict'
    readonly alias: string
    readonly columns: readonly string[]
  }[]
  readonly functions: readonly string[]
  readonly types: readonly string[]
}

interface RangeName {
  readonly schemaname?: string
  readonly relname?: string
  readonly alias?: { readonly aliasname?: string }
}

type Fields = Record<string, unknown>

export function mentionedIn(tree: Node): Mentioned {
  const relations = new Map<string, { schema: string | null; name: string }[]>()
  const columns: { of: string | null; column: string }[] = []
  const writes: { action: 'insert' | 'update' | 'delete' | 'conflict'; alias: string; columns: readonly string[] }[] = []
  const functions: string[] = []
  const types: string[] = []
  const owners: string[] = []
  const withNames = new Set<string>()
  walk(tree, (tag, fields) => {
    if (tag === 'CommonTableExpr') withNames.add(String(fields.ctename))
    return undefined
  })
  const addRelation = (range: RangeName): string => {
    const { schemaname, relname = '', alias } = range
    const shown = alias?.aliasname ?? relname
    if (schemaname === undefined && withNames.has(relname)) return shown
    const one = { schema: schemaname ?? null, name: relname }
    const known = relations.get(shown)
    if (known === undefined) relations.set(shown, [one])
    else known.push(one)
    // `users.nick` may stand beside `users u` in another part of the statement.
    if (shown !== relname && !relations.has(relname)) relations.set(relname, [one])
    return shown
  }
  const visitors: { readonly [tag: string]: (fields: Fields) => void } = {
    RangeVar: (fields) => void addRelation(fields as RangeName),
    ColumnRef: ({ fields }) => {
      const parts = (fields as readonly Node[]).map((one) => ('A_Star' in one ? '*' : texts([one])[0] ?? ''))
      columns.push({ of: parts.at(-2) ?? null, column: parts.at(-1) ?? '' })
      if (parts.length > 1) owners.push(parts.at(-2) ?? '')
    },
    JoinExpr: ({ usingClause, isNatural }) => {
      for (const column of texts(usingClause as readonly Node[] | undefined)) columns.push({ of: null, column })
      if (isNatural === true) columns.push({ of: null, column: '*' })
    },
    FuncCall: ({ funcname }) => void functions.push(texts(funcname as readonly Node[]).at(-1) ?? ''),
    TypeCast: ({ typeName }) => {
      const { names } = (typeName ?? {}) as { names?: readonly Node[] }
      types.push(texts(names).at(-1) ?? '')
    },
    InsertStmt: (fields) => {
      const alias = addRelation(fields.relation as RangeName)
      const named = targets(fields.cols)
      writes.push({ action: 'insert', alias, columns: named.length === 0 ? ['*'] : named })
      if (fields.onConflictClause === undefined) return
      const { infer, targetList, action } = fields.onConflictClause as Fields
      writes.push({ action: 'conflict', alias, columns: infer === undefined ? [] : inferred(infer as Fields) })
      if (action === 'ONCONFLICT_UPDATE') writes.push({ action: 'update', alias, columns: targets(targetList) })
    },
    UpdateStmt: ({ relation, targetList }) =>
      void writes.push({ action: 'update', alias: addRelation(relation as RangeName), columns: targets(targetList) }),
    DeleteStmt: ({ relation }) => void writes.push({ action: 'delete', alias: addRelation(relation as RangeName), columns: [] }),
    MergeStmt: ({ relation, mergeWhenClauses }) => {
      const alias = addRelation(relation as RangeName)
      for (const node of (mergeWhenClauses ?? []) as readonly Node[]) {
        const when = as(node, 'MergeWhenClause')
        const named = targets(when?.targetList)
        if (when?.commandType === 'CMD_INSERT') writes.push({ action: 'insert', alias, columns: named.length === 0 ? ['*'] : named })
        else if (when?.commandType === 'CMD_UPDATE') writes.push({ action: 'update', alias, columns: named })
        else if (when?.commandType === 'CMD_DELETE') writes.push({ action: 'delete', alias, columns: [] })
      }
    },
  }
  walk(tree, (tag, fields) => {
    visitors[tag]?.(fields)
    return undefined
  })
  // What stands in front of a dot and is no relation is a column of a composite type.
  for (const column of owners) if (!relations.has(column)) columns.push({ of: null, column })
  return { relations, columns, writes, functions, types }
}

function targets(list: unknown): readonly string[] {
  return ((list ?? []) as readonly Node[]).flatMap((one) => as(one, 'ResTarget')?.name ?? [])
}

function inferred({ indexElems }: Fields): readonly string[] {
  return ((indexElems ?? []) as readonly Node[]).flatMap((one) => as(one, 'IndexElem')?.name ?? [])
}
