import { as, type Node, texts, walk } from '../sql/node.ts'

/** Names in a query, before anybody asks what they mean. */
export interface Mentioned {
  /** By alias, or by name where there is none. */
  readonly relations: ReadonlyMap<string, readonly MentionedRelation[]>
  /** `of`: the alias in front, null without one. `*` for every column. */
  readonly columns: readonly { readonly of: string | null; readonly column: string }[]
  readonly writes: readonly MentionedWrite[]
  readonly functions: readonly string[]
  readonly types: readonly string[]
}

interface MentionedRelation {
  readonly schema: string | null
  readonly name: string
}

/** `alias` as in `relations`. An INSERT that names no columns has `*`. */
interface MentionedWrite {
  readonly action: 'insert' | 'update' | 'delete' | 'conflict'
  readonly alias: string
  readonly columns: readonly string[]
}

interface RangeName {
  readonly schemaname?: string
  readonly relname?: string
  readonly alias?: { readonly aliasname?: string }
}

type Fields = Record<string, unknown>

/** What is found on the way; `owners` stand in front of a dot, `withNames` are no tables. */
interface Found {
  readonly relations: Map<string, MentionedRelation[]>
  readonly columns: { of: string | null; column: string }[]
  readonly owners: string[]
  readonly writes: MentionedWrite[]
  readonly functions: string[]
  readonly types: string[]
  readonly withNames: Set<string>
}

export function mentionedIn(tree: Node): Mentioned {
  const found: Found = {
    relations: new Map(),
    columns: [],
    owners: [],
    writes: [],
    functions: [],
    types: [],
    withNames: new Set(),
  }
  walk(tree, (tag, fields) => {
    if (tag === 'CommonTableExpr') found.withNames.add(String(fields.ctename))
    return undefined
  })
  walk(tree, (tag, fields) => {
    VISITORS[tag]?.(found, fields)
    return undefined
  })
  // What stands in front of a dot and is no relation is a column of a composite type.
  for (const column of found.owners) if (!found.relations.has(column)) found.columns.push({ of: null, column })
  return found
}

const VISITORS: { readonly [tag: string]: (found: Found, fields: Fields) => void } = {
  RangeVar: (found, fields) => void addRelation(found, fields as RangeName),
  ColumnRef({ columns, owners }, { fields }) {
    const parts = (fields as readonly Node[]).map((one) => ('A_Star' in one ? '*' : (texts([one])[0] ?? '')))
    columns.push({ of: parts.at(-2) ?? null, column: parts.at(-1) ?? '' })
    if (parts.length > 1) owners.push(parts.at(-2) ?? '')
  },
  JoinExpr({ columns }, { usingClause, isNatural }) {
    for (const column of texts(usingClause as readonly Node[] | undefined)) columns.push({ of: null, column })
    if (isNatural === true) columns.push({ of: null, column: '*' })
  },
  FuncCall: ({ functions }, { funcname }) => void functions.push(texts(funcname as readonly Node[]).at(-1) ?? ''),
  TypeCast({ types }, { typeName }) {
    types.push(texts((typeName as { names?: readonly Node[] } | undefined)?.names).at(-1) ?? '')
  },
  InsertStmt(found, { relation, cols, onConflictClause }) {
    const alias = addRelation(found, relation as RangeName)
    found.writes.push({ action: 'insert', alias, columns: targetsOrAll(cols) })
    if (onConflictClause === undefined) return
    const { infer, targetList, action } = onConflictClause as Fields
    found.writes.push({ action: 'conflict', alias, columns: inferred(infer as Fields | undefined) })
    if (action === 'ONCONFLICT_UPDATE') found.writes.push({ action: 'update', alias, columns: targets(targetList) })
  },
  CopyStmt(found, { relation, attlist, is_from: isFrom }) {
    if (relation === undefined) return
    const alias = addRelation(found, relation as RangeName)
    const named = texts(attlist as readonly Node[] | undefined)
    if (isFrom === true) found.writes.push({ action: 'insert', alias, columns: named.length === 0 ? ['*'] : named })
    else for (const column of named.length === 0 ? ['*'] : named) found.columns.push({ of: alias, column })
  },
  UpdateStmt(found, { relation, targetList }) {
    found.writes.push({
      action: 'update',
      alias: addRelation(found, relation as RangeName),
      columns: targets(targetList),
    })
  },
  DeleteStmt(found, { relation }) {
    found.writes.push({ action: 'delete', alias: addRelation(found, relation as RangeName), columns: [] })
  },
  MergeStmt(found, { relation, mergeWhenClauses }) {
    const alias = addRelation(found, relation as RangeName)
    for (const node of (mergeWhenClauses ?? []) as readonly Node[]) {
      const { commandType, targetList } = as(node, 'MergeWhenClause') ?? {}
      if (commandType === 'CMD_INSERT')
        found.writes.push({ action: 'insert', alias, columns: targetsOrAll(targetList) })
      if (commandType === 'CMD_UPDATE') found.writes.push({ action: 'update', alias, columns: targets(targetList) })
      if (commandType === 'CMD_DELETE') found.writes.push({ action: 'delete', alias, columns: [] })
    }
  },
}

function addRelation({ relations, withNames }: Found, { schemaname, relname = '', alias }: RangeName): string {
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

function targets(list: unknown): readonly string[] {
  return ((list ?? []) as readonly Node[]).flatMap((one) => as(one, 'ResTarget')?.name ?? [])
}

function targetsOrAll(list: unknown): readonly string[] {
  const named = targets(list)
  return named.length === 0 ? ['*'] : named
}

function inferred(infer: Fields | undefined): readonly string[] {
  return ((infer?.indexElems ?? []) as readonly Node[]).flatMap((one) => as(one, 'IndexElem')?.name ?? [])
}
