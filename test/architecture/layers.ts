import { importsOf, loadsOf, type SourceFile } from './imports.ts'

/**
 * Which rooms a room may see, besides itself: `domain ← ports ← engine ← steps ← operations ← {cli, server ← ui}`. A single file is named with
 * its ending.
 */
const MAY_SEE: { readonly [room: string]: readonly string[] } = {
  domain: [],
  // Errors, and the words whose bytes it defines: the chain's entries and the manifest.
  lib: ['domain/errors.ts', 'domain/journal.ts', 'domain/release.ts', 'domain/ids.ts'],
  ports: ['domain'],
  migrations: ['domain', 'lib'],
  config: ['domain', 'lib'],
  drivers: ['ports', 'domain', 'lib', 'config/types.ts'],
  store: ['ports', 'domain', 'lib'],
  engine: ['ports', 'domain', 'lib'],
  steps: ['engine', 'ports', 'domain', 'lib', 'config/types.ts'],
  operations: ['steps', 'engine', 'ports', 'migrations', 'config', 'domain', 'lib'],
  cli: ['operations', 'steps', 'engine', 'ports', 'migrations', 'config', 'domain', 'lib', 'compose.ts', 'server'],
  server: ['operations', 'steps', 'engine', 'ports', 'migrations', 'config', 'domain', 'lib', 'compose.ts'],
  ui: ['server', 'operations', 'engine', 'ports', 'domain', 'lib'],
}

const COMPOSE = 'src/compose.ts'
/** Beside `lib`, only the rooms that touch the world may load Node's modules freely. */
const WITHOUT_NODE = ['domain']

function roomOf(path: string): string {
  return path.split('/')[1] ?? ''
}

/** Every arrow that goes up or sideways, as a sentence. Tests may see anything; `compose.ts` chooses, so it may too. */
export function wrongArrows(files: readonly SourceFile[]): readonly string[] {
  return files
    .filter(({ path }) => path.startsWith('src/') && !path.endsWith('.test.ts') && path !== COMPOSE)
    .flatMap((file) => importsOf(file).flatMap((to) => problemOf(file.path, to) ?? []))
}

function problemOf(from: string, to: string): string | null {
  const room = roomOf(from)
  if (!to.startsWith('src/')) {
    if (to.startsWith('.') || to.startsWith('test/')) return `${from} reaches out of src: ${to}`
    if (to.startsWith('node:')) return WITHOUT_NODE.includes(room) ? `${from} imports ${to}: ${room} is pure` : null
    return PACKAGES[to]?.some((one) => from.startsWith(one)) ? null : `${from} imports the package ${to}`
  }
  const allowed = MAY_SEE[room]
  if (allowed === undefined) return `${from} is in no known room`
  const isAllowed = roomOf(to) === room || allowed.some((one) => `src/${one}` === to || roomOf(to) === one)
  return isAllowed ? null : `${from} imports ${to}: ${room} may see ${allowed.join(', ') || 'nothing else'}`
}

/** A package is used in one place, so that it can be replaced there. */
const PACKAGES: { readonly [name: string]: readonly string[] } = {
  commander: ['src/cli/'],
  'libpg-query': ['src/migrations/sql/'],
  'pgsql-deparser': ['src/migrations/sql/'],
  zod: ['src/config/'],
  yaml: ['src/config/'],
  ws: ['src/drivers/incus/'],
  pg: ['src/drivers/shadow/'],
}

/** Every circle of what is loaded, once, as `a → b → a`. Types alone make none: they are gone when the program runs. */
export function cycles(files: readonly SourceFile[]): readonly string[] {
  const graph = new Map(files.map((file) => [file.path, loadsOf(file)]))
  const done = new Set<string>()
  const found: string[] = []
  const walk = (path: string, trail: readonly string[]): void => {
    const seenAt = trail.indexOf(path)
    if (seenAt >= 0) found.push([...trail.slice(seenAt), path].join(' → '))
    if (seenAt >= 0 || done.has(path)) return
    for (const next of graph.get(path) ?? []) if (graph.has(next)) walk(next, [...trail, path])
    done.add(path)
  }
  for (const path of graph.keys()) walk(path, [])
  return found
}
