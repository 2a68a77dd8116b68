import type { Layout } from './layouts.ts'

/** The order in which the runner applies its files. */
export function orderMigrations(layout: Layout, paths: readonly string[]): readonly string[] {
  return withoutOtherDialects(paths)
    .filter(layout.isMigration)
    .map((path) => ({ path, key: keyOf(layout, path) }))
    .toSorted((a, b) => compareKeys(a.key, b.key) || compareText(a.path, b.path))
    .map(({ path }) => path)
}

const POSTGRES = /^(postgres|postgresql|pg|pgsql|psql)$/i
const OTHERS = /^(mysql|mariadb|sqlite|sqlite3|mssql|sqlserver|oracle|h2|db2|cockroach|cockroachdb|clickhouse)$/i

/**
 * Projects for several databases keep `postgres/1.sql` beside `mysql/1.sql`, or `1.postgres.up.sql` beside `1.mysql.up.sql`. Where something is said
 * to be PostgreSQL's, what is said to be another's is not for us.
 */
function withoutOtherDialects(paths: readonly string[]): readonly string[] {
  const says = (path: string, dialect: RegExp) =>
    path.split('/').some((part) => part.split('.').some((word) => dialect.test(word)))
  return paths.some((path) => says(path, POSTGRES)) ? paths.filter((path) => !says(path, OTHERS)) : paths
}

type Key = readonly (number | bigint | string)[]

function keyOf(layout: Layout, path: string): Key {
  const name = layout.nameOf(path)
  if (layout.name === 'flyway') {
    const version = /^V([\d._]+?)__/.exec(name)?.[1]
    // Repeatable ones come after all versions.
    return version === undefined ? [1n, name] : [0n, ...version.split(/[._]/).map((part) => BigInt(part || '0'))]
  }
  if (layout.name === 'plain') return path.split('/').flatMap(naturalOf)
  return versionOf(name)
}

/** `0.10` comes after `0.9`, and `upgrade-10` after `upgrade-9`: people number so, whatever their runner. */
function naturalOf(part: string): Key {
  const date = /^\d+(?:-\d+)+/.exec(part)
  if (date !== null) return versionOf(part)
  const [first = '', ...rest] = part.split(/(\d+)/)
  return [...(first === '' ? [] : [first]), ...rest.map((word, at) => (at % 2 === 0 ? BigInt(word) : word))]
}

/** A leading number counts as one. diesel sorts by the digits of a date without its dashes (research/migrations.md §5). */
function versionOf(name: string): Key {
  const digits = /^\d+(?:-\d+)*/.exec(name)?.[0].replaceAll('-', '')
  return digits === undefined ? [name] : [BigInt(digits), name]
}

function compareKeys(a: Key, b: Key): number {
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const [left, right] = [a[at], b[at]]
    if (left === undefined || right === undefined) return left === undefined ? -1 : 1
    if (typeof left === 'string' || typeof right === 'string') {
      const order = compareText(String(left), String(right))
      if (order !== 0) return order
    } else if (left !== right) return left < right ? -1 : 1
  }
  return 0
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
