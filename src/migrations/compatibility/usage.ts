import type { Applied, Change } from '../replay/changes.ts'

/** What a release asks of the database, when somebody collected it. */
export interface Usage {
  /** `public.users`, `public.users.nick`, `public.users.*`, `function public.total`, `type public.mood`. */
  readonly uses: readonly string[]
}

/** Whether a statement changes what the release uses. By statement: of one that changes several things, all count. */
export function usesWhatChanges({ uses }: Usage, { changes }: Applied): boolean {
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
