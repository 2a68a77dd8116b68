import type { Oid } from '../catalog/types.ts'
import type { Applied, Change } from '../replay/changes.ts'
import type { Replay } from '../replay/replay.ts'
import { hiddenNames, meets } from '../usage/affects.ts'
import { queryTree } from '../usage/query-tree.ts'
import { readUses } from '../usage/read-uses.ts'

/** What a release asks of the database, when somebody collected it. */
export interface Usage {
  /** `public.users`, `public.users.nick`, `public.users.*`, `function public.total`, `type public.mood`. */
  readonly uses: readonly string[]
  /** The queries, when they were kept: they are read again on the schema that the release was written for. */
  readonly statements?: readonly { readonly text: string }[]
  /** Queries that were heard and not kept. Default 0. */
  readonly leftOut?: number
}

/** Usage on a schema. */
export interface ReadUsage {
  readonly uses: readonly string[]
  /** Of each query that was kept; null for one that cannot be read. */
  readonly queries: readonly (readonly string[] | null)[]
  /** Whether it may speak for all that the release asks: the queries were kept, and each could be read. */
  readonly isWhole: boolean
  /** Functions, behind which a query may meet what it does not name. Views are seen through. */
  readonly hidden: readonly Hidden[]
}

interface Hidden {
  readonly name: string
  readonly text: string
}

/** The schema stands where the release was written for. */
export function readUsage(
  replay: Replay,
  { uses, statements = [], leftOut = 0 }: Usage,
  bodies: ReadonlyMap<Oid, string>,
): ReadUsage {
  const trees = statements.map(({ text }) => queryTree(replay.parser, text))
  const queries = trees.map((tree) => (tree === null ? null : readUses(replay.catalog, tree)))
  return {
    uses: [...new Set([...uses, ...queries.flatMap((one) => one ?? [])])],
    queries,
    isWhole: statements.length > 0 && leftOut === 0 && !queries.includes(null),
    hidden: [...bodies].flatMap(([oid, text]) => {
      const routine = replay.catalog.routines.get(oid)
      return routine === undefined ? [] : [{ name: routine.name, text }]
    }),
  }
}

/** How the release meets what a statement of a migration does. */
export interface Met {
  /** It names what is taken away: no contract may say otherwise. */
  readonly isNamed: boolean
  /** It cannot meet it: none of its queries does, and nothing that stands behind them. */
  readonly isCleared: boolean
  /** `3 of its 34 known queries do`, `none of its 34 known queries does`; empty when only words are known. */
  readonly says: string
}

export function howItMeets(usage: ReadUsage, applied: Applied): Met {
  const count = usage.queries.filter((one) => one !== null && meets(one, applied)).length
  const known = usage.queries.length
  const names = applied.changes.flatMap(hiddenNames)
  const isHidden = names.some((name) => usage.hidden.some((one) => one.name !== name && mentions(one.text, name)))
  const isMet = meets(usage.uses, applied)
  const ofKnown = `of its ${known} known queries`
  const behind = isHidden && !isMet ? ', but a function may' : ''
  return {
    isNamed: usesWhatChanges(usage.uses, applied),
    isCleared: usage.isWhole && !isMet && !isHidden,
    says: known === 0 ? '' : `${count === 0 ? 'none' : count} ${ofKnown} ${count < 2 ? 'does' : 'do'}${behind}`,
  }
}

function mentions(text: string, name: string): boolean {
  return new RegExp(`\\b${name.replaceAll(/[^\w]/g, '\\$&')}\\b`, 'i').test(text)
}

/** Whether a statement takes away or changes what the words name. By statement: of one that changes several things, all count. */
function usesWhatChanges(uses: readonly string[], { changes }: Applied): boolean {
  const touched = changes.flatMap(objectsOf)
  return uses.some((used) => touched.some((one) => used === one || used.startsWith(`${one}.`)))
}

interface Named {
  readonly schema: string
  readonly name: string
}

function objectsOf(change: Change): readonly string[] {
  if ('column' in change && 'table' in change) {
    const table = nameOf(change.table)
    // Who asks for every column asks for this one.
    return [`${table}.${change.column.name}`, `${table}.*`]
  }
  if ('relation' in change) return [nameOf(change.relation)]
  if ('view' in change) return [nameOf(change.view)]
  if ('type' in change) return [`type ${nameOf(change.type)}`]
  if ('routine' in change) return [`function ${nameOf(change.routine)}`]
  return 'table' in change && change.table !== null ? [nameOf(change.table)] : []
}

function nameOf({ schema, name }: Named): string {
  return `${schema}.${name}`
}
