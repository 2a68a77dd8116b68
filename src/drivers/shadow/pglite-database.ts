import type { ShadowDatabase, ShadowFile, ShadowHistory } from '../../ports/shadow.ts'
import { type DataFolders, type DataNote, dataFoldersIn } from './data-folders.ts'
import { openCopy } from './open-copy.ts'
import { type Pglite, startPglite } from './pglite.ts'
import { replayHistory } from './replay-history.ts'
import { FILE_TIMEOUT_MS, historyKeys, keptProblems } from './templates.ts'

export interface PglitePlace {
  readonly packageFolder: string
  /** Of the package. */
  readonly version: string
  /** The thread's program. */
  readonly entry: string
  readonly timeZone: string
  readonly signal: AbortSignal
  /** Ours alone: data folders with a history applied. */
  readonly folder: string
  /** Why a server that is here is not used; null: there is none. */
  readonly because: string | null
}

const NOT_SEEN = [
  'locks from outside: PGlite has one session, and they are read in the one that takes them',
  'statements without an end: nothing interrupts one here, so the check ends with it (after a minute; a query after five seconds)',
]

type Start = (data: Uint8Array | null) => Promise<Pglite>

/** PostgreSQL in this process. Each copy is a server of its own, on the data folder that has the history. */
export async function withPglite<T>(place: PglitePlace, work: (database: ShadowDatabase) => Promise<T>): Promise<T> {
  const open = new Set<Pglite>()
  const start: Start = async (data) => {
    const started = await startPglite({ ...place, data })
    open.add(started)
    return started
  }
  try {
    const folders = dataFoldersIn(place.folder)
    const empty = `${place.version}-empty`
    const note = folders.noteOf(empty) ?? (await makeEmpty(folders, empty, await start(null)))
    return await work(databaseOn(place, { folders, empty, note, start }))
  } finally {
    for (const one of open) await one.end()
  }
}

/** `initdb` takes two seconds, a start on its result a fifth of it. */
async function makeEmpty(folders: DataFolders, key: string, pglite: Pglite): Promise<DataNote> {
  const [[postgres] = []] = await pglite.session(FILE_TIMEOUT_MS).rows('SHOW server_version')
  const note = { postgres: postgres ?? '', problems: [] }
  await folders.write(key, await pglite.dump(), note)
  await pglite.end()
  return note
}

interface Ground {
  readonly folders: DataFolders
  readonly empty: string
  readonly note: DataNote
  readonly start: Start
}

function databaseOn({ version, timeZone, because }: PglitePlace, ground: Ground): ShadowDatabase {
  const { folders, empty, note, start } = ground
  const major = Number.parseInt(note.postgres, 10)
  let prepared = empty
  return {
    kind: 'pglite',
    major,
    place: `PostgreSQL ${note.postgres}, PGlite ${version} in this process`,
    notSeen: [...(because === null ? [] : [`a server of its own: ${because}`]), ...NOT_SEEN],
    async prepare(history) {
      const keys = historyKeys(history, { major, timeZone }).map((key) => `${version}-${key}`)
      const made = await prepareData(ground, keys, history)
      prepared = history.length === 0 ? empty : (keys.at(-1) ?? empty)
      return made
    },
    async copy() {
      const pglite = await start(folders.read(prepared))
      return openCopy({ open: async (limitMs) => pglite.session(limitMs), drop: pglite.end })
    },
  }
}

/** Replays what no kept folder holds, and keeps the result under the last of the keys. */
async function prepareData(
  { folders, empty, note: { postgres }, start }: Ground,
  keys: readonly string[],
  history: readonly ShadowFile[],
): Promise<ShadowHistory> {
  const files = history.length
  const from = keys.findLastIndex((key) => folders.noteOf(key) !== null)
  const key = keys[from]
  const known = key === undefined ? [] : (folders.noteOf(key)?.problems ?? [])
  const rest = history.slice(Math.max(from, 0))
  if (rest.length === 0) return { replayed: 0, files, problems: known }
  const pglite = await start(folders.read(key ?? empty))
  const found = await replayHistory(pglite.session(FILE_TIMEOUT_MS), rest, true)
  const problems = keptProblems(known, found)
  await folders.write(keys.at(-1) ?? empty, await pglite.dump(), { postgres, problems })
  await pglite.end()
  return { replayed: rest.length, files, problems }
}
