import { createRequire } from 'node:module'
import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'

/** What a thread is given: the project's own package, and a data folder as `dump` gave it; null: an empty one. */
export interface PgliteStart {
  /** Absolute. */
  readonly packageFolder: string
  readonly timeZone: string
  readonly data: Uint8Array | null
}

export type PgliteAsk = { readonly id: number } & ({ readonly sql: string } | { readonly dump: true })

export type PgliteAnswer = { readonly id: number } & (
  | { readonly rows: readonly (readonly (string | null)[])[] }
  | { readonly dump: Uint8Array }
  | { readonly failure: { readonly code: string | null; readonly message: string } }
)

/** What of the package is used (0.5.16). */
interface Pglite {
  execProtocol(message: Uint8Array): Promise<{ readonly messages: readonly BackendMessage[] }>
  dumpDataDir(compression: 'none'): Promise<Blob>
}

interface PgliteClass {
  readonly defaultStartParams: readonly string[]
  create(options: object): Promise<Pglite>
}

interface BackendMessage {
  readonly name: string
  readonly fields?: readonly (string | null)[]
}

/** Those that need no preloaded library: a dump of a data folder that preloads one starts only where it is named again. */
const EXTENSIONS =
  'pgcrypto uuid_ossp citext hstore pg_trgm btree_gist btree_gin ltree unaccent intarray cube earthdistance fuzzystrmatch tablefunc isn seg lo dict_int bloom moddatetime'

/** As on a server of our own (`session.ts`), but for the time limits: nothing in this thread can interrupt a statement. */
const SETTINGS = ['search_path="$user", public', 'lc_messages=C', 'client_min_messages=error']

async function start({ packageFolder, timeZone, data }: PgliteStart): Promise<Pglite> {
  const load = createRequire(join(packageFolder, 'package.json'))
  const { PGlite } = load('@electric-sql/pglite') as { readonly PGlite: PgliteClass }
  const settings = [...SETTINGS, `timezone=${timeZone}`].flatMap((one) => ['-c', one])
  return PGlite.create({
    extensions: extensions(load),
    startParams: [...PGlite.defaultStartParams, ...settings],
    ...(data === null ? {} : { loadDataDir: new Blob([new Uint8Array(data)]) }),
  })
}

/** Another version of the package may have others. */
function extensions(load: NodeJS.Require): object {
  const found: { [name: string]: unknown } = {}
  for (const name of EXTENSIONS.split(' ')) {
    try {
      Object.assign(found, load(`@electric-sql/pglite/contrib/${name}`))
    } catch (error) {
      if (!['MODULE_NOT_FOUND', 'ERR_PACKAGE_PATH_NOT_EXPORTED'].includes(String((error as { code?: unknown }).code)))
        throw error
    }
  }
  return found
}

/** PostgreSQL's simple query, as `pg` sends it for the other servers: a text may hold several statements. */
function queryMessage(sql: string): Uint8Array {
  const text = Buffer.from(`${sql}\0`)
  const head = Buffer.alloc(5)
  head.write('Q')
  head.writeInt32BE(4 + text.length, 1)
  return new Uint8Array(Buffer.concat([head, text]))
}

/** Rows of the last statement. */
function lastRows(messages: readonly BackendMessage[]): readonly (readonly (string | null)[])[] {
  const ends = messages.flatMap(({ name }, index) => (name === 'commandComplete' ? [index] : []))
  return messages
    .slice((ends.at(-2) ?? -1) + 1, ends.at(-1) ?? 0)
    .flatMap(({ name, fields }) => (name === 'dataRow' && fields !== undefined ? [fields] : []))
}

async function answer(database: Promise<Pglite>, ask: PgliteAsk): Promise<PgliteAnswer> {
  const { id } = ask
  try {
    const pglite = await database
    if ('dump' in ask) return { id, dump: new Uint8Array(await (await pglite.dumpDataDir('none')).arrayBuffer()) }
    const { messages } = await pglite.execProtocol(queryMessage(ask.sql))
    return { id, rows: lastRows(messages) }
  } catch (error) {
    const { code, message } = error as { readonly code?: unknown; readonly message?: unknown }
    return { id, failure: { code: typeof code === 'string' ? code : null, message: String(message ?? error) } }
  }
}

const database = start(workerData as PgliteStart)
// Told to whoever asks first.
database.catch(() => undefined)
let last: Promise<unknown> = database.catch(() => undefined)
parentPort?.on('message', (ask: PgliteAsk) => {
  last = last.then(async () => parentPort?.postMessage(await answer(database, ask)))
})
