import { createHash, randomBytes } from 'node:crypto'
import type { ShadowFile, ShadowHistory } from '../../ports/shadow.ts'
import { replayHistory } from './replay-history.ts'
import { openSession, quoteName, quoteText, type ServerAddress, type Session } from './session.ts'

/** What builds templates and copies of them on one server. */
export interface TemplateServer {
  readonly address: ServerAddress
  /** Connected to a database that is nobody's template. */
  readonly admin: Session
  readonly major: number
  readonly timeZone: string
  /** Whether roles that a history names may be made: only on a server of our own. */
  readonly isOurs: boolean
  readonly signal: AbortSignal
}

const TEMPLATE = 'backflip_shadow_'
const COPY = 'backflip_copy_'
/** Each is a whole database; older ones are made again when somebody asks. */
const MAX_TEMPLATES = 6
/** A run that was killed leaves its copy. No run takes that long. */
const STALE_COPY_MS = 60 * 60_000
/** A whole file, or many small ones in one text. */
export const FILE_TIMEOUT_MS = 10 * 60_000

/** Changed when templates are made another way. */
const FORMAT = 1

interface Note {
  readonly files: number
  readonly problems: ShadowHistory['problems']
}

/**
 * A chain of keys, one per file of the history: whoever adds ten migrations begins with the template that had all but them. The key is of what
 * is sent, not of the file: a comment more makes no other schema.
 */
export function historyKeys(
  history: readonly ShadowFile[],
  server: Pick<TemplateServer, 'major' | 'timeZone'>,
): readonly string[] {
  let key = `${FORMAT} ${server.major} ${server.timeZone}`
  const keys = [short(key)]
  for (const { transaction, statements } of history) {
    const hash = createHash('sha256').update(`${key}\0${transaction}`)
    for (const { text } of statements) hash.update(`\0${text}`)
    key = hash.digest('hex')
    keys.push(short(key))
  }
  return keys
}

function short(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 24)
}

/** The name of the template with the whole history, made when it is not there. */
export async function prepareTemplate(
  server: TemplateServer,
  history: readonly ShadowFile[],
): Promise<{ readonly name: string; readonly history: ShadowHistory }> {
  const keys = historyKeys(history, server)
  const notes = await templateNotes(server.admin)
  const from = keys.findLastIndex((key) => notes.has(TEMPLATE + key))
  const name = TEMPLATE + (keys.at(-1) ?? '')
  const known = from < 0 ? undefined : notes.get(TEMPLATE + keys[from])
  if (known !== undefined && from === history.length)
    return { name, history: { replayed: 0, files: history.length, problems: known.problems } }
  const rest = history.slice(Math.max(from, 0))
  // Under another name until it is whole: a run that is killed leaves no half template.
  const building = newCopyName()
  await createFrom(server, building, known === undefined ? 'template0' : TEMPLATE + keys[from])
  const found = await replay(server, building, rest)
  const problems = keptProblems(known?.problems ?? [], found)
  const note: Note = { files: history.length, problems }
  await server.admin.rows(`COMMENT ON DATABASE ${quoteName(building)} IS ${quoteText(JSON.stringify(note))}`)
  await server.admin.rows(`ALTER DATABASE ${quoteName(building)} RENAME TO ${quoteName(name)}`)
  await dropOldest(server, name)
  return { name, history: { replayed: rest.length, files: history.length, problems } }
}

const MAX_PROBLEMS = 50

export function keptProblems(
  known: ShadowHistory['problems'],
  found: ShadowHistory['problems'],
): ShadowHistory['problems'] {
  return [...known, ...found].slice(0, MAX_PROBLEMS)
}

async function replay(
  server: TemplateServer,
  database: string,
  files: readonly ShadowFile[],
): Promise<ShadowHistory['problems']> {
  const ask = { database, statementTimeoutMs: FILE_TIMEOUT_MS, timeZone: server.timeZone, signal: server.signal }
  const session = await openSession(server.address, ask)
  try {
    return await replayHistory(session, files, server.isOurs)
  } catch (error) {
    await dropDatabase(server, database, 'force')
    throw error
  } finally {
    await session.end()
  }
}

export async function createCopy(server: TemplateServer, template: string): Promise<string> {
  const name = newCopyName()
  await createFrom(server, name, template)
  return name
}

async function createFrom({ admin, major }: TemplateServer, name: string, template: string): Promise<void> {
  // Copying files needs a checkpoint, which costs nothing on our own server; through the log (the default since 15) every page is written twice.
  const strategy = major >= 15 ? ' STRATEGY file_copy' : ''
  await admin.rows(`CREATE DATABASE ${quoteName(name)} TEMPLATE ${quoteName(template)}${strategy}`)
}

/** `force`: with the sessions that are in it. */
export async function dropDatabase(
  { admin }: TemplateServer,
  name: string,
  how: 'unused' | 'force' = 'unused',
): Promise<void> {
  await admin.rows(`DROP DATABASE IF EXISTS ${quoteName(name)}${how === 'force' ? ' WITH (FORCE)' : ''}`)
}

function newCopyName(): string {
  return `${COPY}${Date.now().toString(36)}_${randomBytes(4).toString('hex')}`
}

async function templateNotes(admin: Session): Promise<ReadonlyMap<string, Note>> {
  const rows = await admin.rows(
    `SELECT datname, shobj_description(oid, 'pg_database') FROM pg_database WHERE datname LIKE '${TEMPLATE.replaceAll('_', '\\_')}%'`,
  )
  return new Map(rows.map(([name, note]) => [name ?? '', JSON.parse(note ?? '{"files":0,"problems":[]}') as Note]))
}

/** The oldest templates, and copies that killed runs left. Whoever uses one right now keeps it. */
async function dropOldest(server: TemplateServer, keep: string): Promise<void> {
  const rows = await server.admin.rows(
    `SELECT datname FROM pg_database d WHERE datname ~ '^backflip_(shadow|copy)_'
       AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datid = d.oid) ORDER BY oid DESC`,
  )
  const names = rows.map(([name]) => name ?? '')
  const templates = names.filter((name) => name.startsWith(TEMPLATE) && name !== keep).slice(MAX_TEMPLATES - 1)
  const copies = names.filter((name) => {
    const madeMs = Number.parseInt(name.slice(COPY.length).split('_')[0] ?? '', 36)
    return name.startsWith(COPY) && (server.isOurs || Date.now() - madeMs > STALE_COPY_MS)
  })
  for (const name of [...templates, ...copies]) await dropDatabase(server, name)
}
