import { basename } from 'node:path'
import { walBytesBetween } from '../../domain/data/lsn.ts'
import { BackflipError } from '../../domain/errors.ts'
import type { OperationId } from '../../domain/ids.ts'
import type { RecoveryPoint } from '../../ports/point-in-time-recovery.ts'
import { parseHistory } from './choose-backup.ts'
import { lines, type PostgresHost, runAsServerUser, runTool } from './host.ts'
import { historyFile } from './log-file.ts'
import { psqlJson } from './psql.ts'
import { mustRun, recoveryFolderOf, removeFolder } from './recovery-folder.ts'
import { stopServer } from './server.ts'

const LIMIT_MS = 12 * 60 * 60_000
const CONTROL_LIMIT_MS = 10 * 60_000
const PAUSE_MS = 250
/** At the end of a page a place may be told before the next page's head or behind it (src/include/access/xlog_internal.h). */
const PAGE_HEAD_BYTES = 40
const LOG = 'backflip-recovery.log'
const MAX_LOG_BYTES = 16 * 1024 * 1024
/** What says how a server is set up, where it lies with the data. A backup has that of its own day. */
const SETTINGS = ['postgresql.conf', 'postgresql.auto.conf', 'pg_hba.conf', 'pg_ident.conf']

/**
 * Of the second server, which only replays. It must not be reached, nor reach anybody: no archiving, no subscriptions, no jobs of extensions, which
 * would run in what is live a second time. It must not take the memory of the first one, nor its pid file. Without hot standby it needs no room for
 * as many sessions as the first one has.
 */
const OVERRIDES = {
  external_pid_file: '',
  listen_addresses: '',
  archive_mode: 'off',
  archive_cleanup_command: '',
  recovery_end_command: '',
  hot_standby: 'off',
  shared_buffers: '128MB',
  huge_pages: 'off',
  max_worker_processes: '0',
  max_logical_replication_workers: '0',
  autovacuum: 'off',
  logging_collector: 'off',
  ssl: 'off',
} as const

/** Replays the log up to the point in a restored folder, opens a timeline and stops cleanly. `pgbackrest restore` has written what it needs for that. */
export async function recoverBeside(
  host: PostgresHost,
  { point, folder }: { readonly point: RecoveryPoint; readonly folder: string },
): Promise<{ readonly timeline: number }> {
  const configFile = await psqlJson<string>(host, { script: "SELECT to_json(current_setting('config_file'));" })
  await start(host, folder, configFile)
  await untilRecovered(host, folder)
  const stopped = await runTool(host, 'pg_ctl', ['stop', '--wait', '--mode', 'fast', '--pgdata', folder], {
    timeoutMs: CONTROL_LIMIT_MS,
  })
  if (stopped.exitCode !== 0) throw await failed(host, folder, 'the recovered server does not stop')
  const { state, timeline } = await readControl(host, folder)
  if (state !== 'shut down') throw await failed(host, folder, `the recovered data is ${state}`)
  await mustEndAt(host, folder, { point, timeline })
  await archiveHistory(host, folder, timeline)
  await takeOverSettings(host, folder)
  return { timeline }
}

/** pg_ctl hands the options to a shell, so each value is quoted; `--wait` only says that it has begun: without hot standby it never says more. */
async function start(host: PostgresHost, folder: string, configFile: string): Promise<void> {
  const settings = { config_file: configFile, data_directory: folder, unix_socket_directories: folder, ...OVERRIDES }
  const options = Object.entries(settings).map(([name, value]) => `-c ${name}='${value.replaceAll("'", "'\\''")}'`)
  const args = ['start', '--wait', '--silent', '--pgdata', folder, '--log', `${folder}/${LOG}`]
  const { exitCode } = await runTool(host, 'pg_ctl', [...args, '--options', options.join(' ')], {
    timeoutMs: CONTROL_LIMIT_MS,
  })
  if (exitCode !== 0) throw await failed(host, folder, 'the server that recovers does not start')
}

/** By its pid file, whose eighth line says how far it is (src/include/utils/pidfile.h). It is gone when the server has ended. */
async function untilRecovered(host: PostgresHost, folder: string): Promise<void> {
  const begun = host.clock.monotonicMs()
  for (;;) {
    const bytes = await host.transport.readFile(`${folder}/postmaster.pid`, { maxBytes: 4_096 })
    if (bytes === null) throw await failed(host, folder, 'the point was not reached')
    if (textOf(bytes).split('\n')[7]?.trim() === 'ready') return
    if (host.clock.monotonicMs() - begun > LIMIT_MS)
      throw await failed(host, folder, 'the point was not reached in time')
    await host.clock.sleep(PAUSE_MS)
  }
}

/** By the history of the new timeline: servers before 13 go on when they do not find the point. */
async function mustEndAt(
  host: PostgresHost,
  folder: string,
  { point, timeline }: { readonly point: RecoveryPoint; readonly timeline: number },
): Promise<void> {
  const path = `${folder}/pg_wal/${historyFile(timeline)}`
  const bytes = await host.transport.readFile(path, { maxBytes: 1024 * 1024 })
  const end = bytes === null ? undefined : parseHistory(textOf(bytes)).at(-1)
  const isThere = end?.timeline === point.timeline && Math.abs(walBytesBetween(end.lsn, point.lsn)) <= PAGE_HEAD_BYTES
  if (isThere) return
  const why = `recovery ended at ${end?.lsn ?? 'an unknown place'}, and the point is at ${point.lsn}`
  throw await failed(host, folder, why)
}

/**
 * It was made while nothing was archived. The archive needs it once this is live: without it nobody finds the way from the older timeline, and its
 * number would be given again.
 */
async function archiveHistory(host: PostgresHost, folder: string, timeline: number): Promise<void> {
  const ready = `${folder}/pg_wal/archive_status/${historyFile(timeline)}.ready`
  const { exitCode, stderr } = await runAsServerUser(host, ['touch', ready], { timeoutMs: CONTROL_LIMIT_MS })
  if (exitCode !== 0) throw await failed(host, folder, lines(stderr).join('; '))
}

/** Those of the live server as they are now: without what recovery was told, and with what was set since the backup. */
async function takeOverSettings(host: PostgresHost, folder: string): Promise<void> {
  const { dataFolder } = host.config
  const there = (await host.transport.listFolder(dataFolder)) ?? []
  for (const name of SETTINGS.filter((one) => there.includes(one)))
    await mustRun(host, ['cp', '-p', `${dataFolder}/${name}`, `${folder}/${name}`])
}

/** `PointInTimeRecovery.takePlace`: two renames, each repeatable by what is there. */
export async function takePlace(
  host: PostgresHost,
  { operation, timeline }: { readonly operation: OperationId; readonly timeline: number },
): Promise<void> {
  const { transport } = host
  const { data, beside, old } = await recoveryFolderOf(host, operation)
  const has = async (folder: string) => (await transport.listFolder(folder)) !== null
  if (await has(beside)) {
    if (await has(data)) {
      await stopServer(host)
      await transport.rename(data, old)
    }
    await transport.rename(beside, data)
  }
  const now = await readControl(host, data)
  if (now.timeline !== timeline)
    throw new BackflipError(`${basename(data)} is on timeline ${now.timeline}, and what was recovered on ${timeline}`, {
      code: 'recovery-lost',
      kind: 'failed',
      details: [`the copy does not have ${beside}`],
      hint: 'the same restore again',
    })
  await removeFolder(host, old)
}

async function readControl(
  host: PostgresHost,
  folder: string,
): Promise<{ readonly state: string; readonly timeline: number }> {
  const { stdout } = await runTool(host, 'pg_controldata', ['--pgdata', folder], { timeoutMs: CONTROL_LIMIT_MS })
  const say = (what: string) => new RegExp(`^${what}: +(.+)$`, 'm').exec(stdout)?.[1] ?? ''
  return { state: say('Database cluster state'), timeline: Number(say("Latest checkpoint's TimeLineID")) }
}

async function failed(host: PostgresHost, folder: string, why: string): Promise<BackflipError> {
  const bytes = await host.transport.readFile(`${folder}/${LOG}`, { maxBytes: MAX_LOG_BYTES }).catch(() => null)
  return new BackflipError(`recovery beside the running database failed: ${why}`, {
    code: 'recovery-failed',
    kind: 'failed',
    details: [...(bytes === null ? [] : lines(textOf(bytes))), 'the running database was not touched'],
    hint: 'pgbackrest check, with the same stanza; or an older point',
  })
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
