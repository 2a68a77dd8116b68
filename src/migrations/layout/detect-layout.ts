import type { LayoutName } from './layouts.ts'

export interface LayoutGuess {
  readonly name: LayoutName
  /** What it was told by; shown to the person. */
  readonly because: string
}

/** Which runner a folder belongs to, by its file names and the first lines of a few files. `paths` are from the root, with `/`. */
export function detectLayout(paths: readonly string[], head: (path: string) => string): LayoutGuess {
  const has = (pattern: RegExp) => paths.find((path) => pattern.test(path))
  const named =
    byName(has, 'drizzle', /(^|\/)meta\/_journal\.json$|(^|\/)\d+[^/]*\/snapshot\.json$/) ??
    byName(has, 'prisma', /(^|\/)\d+[^/]*\/migration\.sql$/) ??
    byName(has, 'prisma', /(^|\/)migration_lock\.toml$/) ??
    byName(has, 'diesel', /(^|\/)[\d-]+[^/]*\/up\.sql$/) ??
    byName(has, 'flyway', /(^|\/)V\d[\w.]*__.*\.sql$/)
  if (named !== null) return named
  const sample = paths.filter((path) => path.endsWith('.sql'))
  const looked = [...sample.slice(0, 3), ...sample.slice(-3)]
  for (const path of looked) {
    const name = byText(head(path))
    if (name !== null) return { name, because: `the first lines of ${path}` }
  }
  const up = has(/\.up\.sql$/)
  if (up !== undefined) return { name: 'golang-migrate', because: up }
  const script = has(/(^|\/)\d{8,}[^/]*\.(js|ts|cjs|mjs)$/)
  if (script !== undefined && sample.length === 0) return { name: 'knex', because: script }
  return { name: 'plain', because: 'nothing says which runner' }
}

function byName(has: (pattern: RegExp) => string | undefined, name: LayoutName, pattern: RegExp): LayoutGuess | null {
  const found = has(pattern)
  return found === undefined ? null : { name, because: found }
}

function byText(text: string): LayoutName | null {
  if (/^\s*--\s*\+(goose|migrate)\b/im.test(text)) return 'goose'
  if (text.includes('--> statement-breakpoint')) return 'drizzle'
  if (/^\s*--\s*migrate:up\b/im.test(text)) return 'dbmate'
  if (/^--! ?(previous|hash|message)/im.test(text)) return 'graphile-migrate'
  if (/^\s*--\s*(up|down) migration/im.test(text)) return 'node-pg-migrate'
  if (text.startsWith('-- no-transaction')) return 'sqlx'
  return null
}
