import { BackflipError } from '../../domain/errors.ts'
import { lines, type PostgresHost, placeOf, runAsServerUser } from './host.ts'
import { psql, psqlJson } from './psql.ts'
import { startServer, stopServer, waitUntilReady } from './server.ts'

const READY_LIMIT_MS = 10 * 60_000
/** A restore takes one number. */
const MAX_SKIPPED = 10_000

/** What recovery reads, and what it must be while we fork: no file of the log from anywhere but the copy's own folder. */
const DURING = { restore_command: 'false', recovery_target_timeline: 'current' } as const
type Setting = keyof typeof DURING

/** What is put back afterwards, kept beside the data, so that a repeat after a crash still knows it. */
interface Kept {
  readonly timeline: number
  /** Of `postgresql.auto.conf`: null is "not set there". */
  readonly settings: Readonly<Record<Setting, string | null>>
}

/**
 * A copy that becomes the live server goes on where the first one's log already has other content under the same names: an archive would refuse
 * it, or mix two histories. So the copy ends a recovery of its own, from nothing but the files that it has, which opens a new timeline. A
 * `restore_command` of the operator's would fetch what the first server wrote after the copy: it is out of the way meanwhile. `whileStopped` is for
 * what needs a stopped server too, so that it is stopped once; a repeat after a crash may find nothing to stop it for.
 *
 * PostgreSQL takes the first number behind its own that has no history file. After a restore, its undo and another restore that would be the number
 * of the first one again, under which an archive has something else: numbers that were given out have an empty file meanwhile.
 */
export async function forkTimeline(
  host: PostgresHost,
  { above }: { readonly above: number },
  whileStopped: () => Promise<unknown> = async () => undefined,
): Promise<{ readonly timeline: number }> {
  const keptFile = `${host.config.dataFolder}/backflip-fork.json`
  await startServer(host)
  await waitUntilReady(host, READY_LIMIT_MS)
  const kept = (await readKept(host, keptFile)) ?? (await readNow(host))
  if ((await timelineOf(host)) === kept.timeline) {
    await host.transport.writeFileAtomic(keptFile, JSON.stringify(kept))
    await setAll(host, DURING)
    await stopServer(host)
    await whileStopped()
    await occupy(host, kept.timeline, above)
    await putSignal(host)
    await startServer(host)
    await waitUntilReady(host, READY_LIMIT_MS)
  }
  for (const file of taken(host, kept.timeline, above)) await host.transport.remove(file)
  await setAll(host, kept.settings)
  await host.transport.remove(keptFile)
  const timeline = await timelineOf(host)
  if (timeline > Math.max(kept.timeline, above)) return { timeline }
  throw new BackflipError(`${placeOf(host)} is still on timeline ${timeline}`, {
    code: 'database-error',
    kind: 'failed',
    hint: 'look at the server and its log, then: the same command',
  })
}

async function readKept({ transport }: PostgresHost, file: string): Promise<Kept | null> {
  const bytes = await transport.readFile(file, { maxBytes: 64 * 1024 })
  return bytes === null ? null : (JSON.parse(new TextDecoder().decode(bytes)) as Kept)
}

async function readNow(host: PostgresHost): Promise<Kept> {
  const set = await psqlJson<Partial<Record<Setting, string>>>(host, {
    script: `SELECT coalesce(json_object_agg(name, setting), '{}') FROM (
      SELECT DISTINCT ON (name) name, setting FROM pg_file_settings
      WHERE sourcefile LIKE '%/postgresql.auto.conf' AND name IN ('restore_command', 'recovery_target_timeline')
      ORDER BY name, seqno DESC) s;`,
  })
  const { restore_command = null, recovery_target_timeline = null } = set
  return { timeline: await timelineOf(host), settings: { restore_command, recovery_target_timeline } }
}

async function timelineOf(host: PostgresHost): Promise<number> {
  return psqlJson(host, {
    script: "SELECT ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int;",
  })
}

async function setAll(host: PostgresHost, settings: Kept['settings']): Promise<void> {
  for (const [name, value] of Object.entries(settings)) {
    const script = value === null ? 'ALTER SYSTEM RESET :"name";' : `ALTER SYSTEM SET :"name" = :'value';`
    await psql(host, { script, values: { name, value: value ?? '' } })
  }
  await psql(host, { script: 'SELECT pg_reload_conf() \\g /dev/null' })
}

/** History files of the numbers between the two. */
function taken({ config }: PostgresHost, own: number, above: number): readonly string[] {
  const numbers = Array.from({ length: Math.max(0, above - own) }, (_, index) => own + 1 + index)
  return numbers.map((one) => `${config.dataFolder}/pg_wal/${one.toString(16).toUpperCase().padStart(8, '0')}.history`)
}

async function occupy(host: PostgresHost, own: number, above: number): Promise<void> {
  if (above - own > MAX_SKIPPED) throw new Error(`timeline ${above} is too far from ${own}`)
  for (const file of taken(host, own, above)) await touch(host, file)
}

/** Made by the server's user: the server takes it away itself when it has opened the new timeline. */
async function putSignal(host: PostgresHost): Promise<void> {
  await touch(host, `${host.config.dataFolder}/recovery.signal`)
}

async function touch(host: PostgresHost, file: string): Promise<void> {
  const { exitCode, stderr } = await runAsServerUser(host, ['touch', file], { timeoutMs: 10_000 })
  if (exitCode === 0) return
  throw new BackflipError(`recovery of ${placeOf(host)} cannot be asked for`, {
    code: 'database-error',
    kind: 'failed',
    details: lines(stderr),
  })
}
