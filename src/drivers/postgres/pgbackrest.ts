import type { PgbackrestConfig } from '../../config/types.ts'
import { BackflipError, refusal } from '../../domain/errors.ts'
import type { PointInTimeRecovery, RecoveryLook, RecoveryPoint } from '../../ports/point-in-time-recovery.ts'
import type { Shortcoming } from '../../ports/shortcoming.ts'
import {
  type ChosenBackup,
  chooseBackup,
  isoOf,
  parseHistory,
  type Stanza,
  stanzaOf,
  type TimelineSwitch,
  UNCHANGED,
} from './choose-backup.ts'
import { lines, type PostgresHost, runAsServerUser } from './host.ts'
import { archiverOf, historyFile, lacksOf, lagging, logFileOf, mustNotLag } from './log-file.ts'
import { psql } from './psql.ts'
import { recoverBeside, takePlace } from './recover-beside.ts'
import { leftovers, makeFolder, recoveryFolderOf, removeFolder, roomBeside } from './recovery-folder.ts'

const INFO_LIMIT_MS = 60_000
const RESTORE_LIMIT_MS = 12 * 60 * 60_000
/** As pgBackRest's own `archive-timeout`. */
const ARCHIVE_LIMIT_MS = 60_000
const ARCHIVE_PAUSE_MS = 500
/** Of `info`, which ends with 0 all the same. */
const UNKNOWN_ERROR = 99
const MAX_OUTPUT_BYTES = 8 * 1024 * 1024
/** Names that are safe as one argument of recovery settings, which pgBackRest writes into a file. */
const POINT = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/

/** Restores beside the running server. The running one is not touched. */
export function pgbackrest(host: PostgresHost, config: PgbackrestConfig): PointInTimeRecovery {
  const tool = { host, config }
  return {
    shortcomings: () => shortcomings(tool),
    look: (point) => look(tool, point),
    archive: (point) => archive(tool, point),
    recover: (ask) => recover(tool, ask),
    takePlace: (ask) => takePlace(host, ask),
    async remove(operation) {
      const { beside, old } = await recoveryFolderOf(host, operation)
      for (const folder of [beside, old]) await removeFolder(host, folder)
    },
  }
}

interface Tool {
  readonly host: PostgresHost
  readonly config: PgbackrestConfig
}

async function shortcomings(tool: Tool): Promise<readonly Shortcoming[]> {
  const { host, config } = tool
  const hint = `pgbackrest --stanza=${config.stanza} check`
  const lacks = lacksOf(await archiverOf(host)).map((message) => ({ message, hint }))
  try {
    stanzaOf(await info(tool), config.stanza)
    return lacks
  } catch (error) {
    if (!(error instanceof BackflipError)) throw error
    const why = error.details.filter((one) => one !== UNCHANGED)
    return [...lacks, { message: [error.message, ...why].join('; '), hint: error.hint ?? hint }]
  }
}

async function look(tool: Tool, point: RecoveryPoint): Promise<RecoveryLook> {
  const { host } = tool
  const chosen = await choose(tool, point)
  const { backup, logBytes } = chosen
  await refuseTablespaces(tool, backup.label)
  const file = await logFileOf(host, point)
  const isArchived = await hasInArchive(tool, chosen, file.name)
  if (!isArchived) mustNotLag(file, point)
  const { label, type, info } = backup
  const sizeBytes = info.size
  // What is replayed may make it larger than the backup was, by so much at most.
  const freeBytes = await roomBeside(host, sizeBytes + logBytes)
  return { backup: { label, type, finishedAt: isoOf(backup), sizeBytes }, logBytes, freeBytes, isArchived }
}

async function archive(tool: Tool, point: RecoveryPoint): Promise<void> {
  const { host } = tool
  const chosen = await choose(tool, point)
  const file = await logFileOf(host, point)
  if (await hasInArchive(tool, chosen, file.name)) return
  mustNotLag(file, point)
  await psql(host, { script: 'SELECT pg_switch_wal() \\g /dev/null' })
  const begun = host.clock.monotonicMs()
  while (!(await hasInArchive(tool, chosen, file.name))) {
    if (host.clock.monotonicMs() - begun > ARCHIVE_LIMIT_MS) throw lagging(await logFileOf(host, point), point)
    await host.clock.sleep(ARCHIVE_PAUSE_MS)
  }
}

async function recover(
  tool: Tool,
  { point, backup, operation }: Parameters<PointInTimeRecovery['recover']>[0],
): Promise<{ readonly timeline: number }> {
  const { host } = tool
  if (!POINT.test(point.name))
    throw new BackflipError(`${JSON.stringify(point.name)} is not the name of a restore point`, {
      code: 'bad-restore-point',
      kind: 'usage',
    })
  const folder = await recoveryFolderOf(host, operation)
  for (const left of await leftovers(host, folder)) await removeFolder(host, left)
  await makeFolder(host, folder.beside)
  const args = [
    `--pg1-path=${folder.beside}`,
    `--set=${backup}`,
    '--type=name',
    `--target=${point.name}`,
    `--target-timeline=${point.timeline}`,
    '--target-action=promote',
    'restore',
  ]
  await run(tool, args, RESTORE_LIMIT_MS)
  return recoverBeside(host, { point, folder: folder.beside })
}

async function choose(tool: Tool, point: RecoveryPoint): Promise<ChosenBackup> {
  const stanzas = await info(tool)
  return chooseBackup(stanzas, tool.config.stanza, point, await historyOf(tool, point))
}

async function info(tool: Tool, more: readonly string[] = []): Promise<readonly Stanza[]> {
  const stanzas = JSON.parse(await run(tool, ['--output=json', ...more, 'info'], INFO_LIMIT_MS)) as readonly Stanza[]
  const unread = stanzas.find(({ status }) => status.code === UNKNOWN_ERROR)
  if (unread === undefined) return stanzas
  throw refusal('pgBackRest does not reach its repository', {
    code: 'recovery-unreachable',
    details: [...(unread.repo ?? []).map(({ status }) => status.message), UNCHANGED],
    hint: `pgbackrest --stanza=${tool.config.stanza} check`,
  })
}

/** The server keeps the files that say where its timelines came from. Without one only backups of the point's own timeline are taken. */
async function historyOf({ host }: Tool, { timeline }: RecoveryPoint): Promise<readonly TimelineSwitch[]> {
  if (timeline === 1) return []
  const path = `${host.config.dataFolder}/pg_wal/${historyFile(timeline)}`
  const bytes = await host.transport.readFile(path, { maxBytes: 1024 * 1024 })
  return bytes === null ? [] : parseHistory(new TextDecoder().decode(bytes))
}

/** Their folders are named absolutely in a backup, so beside would be the live ones. */
async function refuseTablespaces(tool: Tool, label: string): Promise<void> {
  const stanzas = await info(tool, [`--set=${label}`])
  const backups = stanzas.flatMap(({ backup = [] }) => backup) as readonly { readonly tablespace?: unknown[] | null }[]
  if (backups.every(({ tablespace }) => (tablespace ?? []).length === 0)) return
  throw refusal(`the backup ${label} has tablespaces, which cannot be restored beside the live ones`, {
    code: 'recovery-tablespaces',
    details: [UNCHANGED],
    hint: 'a snapshot (backflip snapshots list), or pgbackrest restore on another host',
  })
}

/** Files are kept by the first half of their name; behind the name stands a hash and how it is packed. */
async function hasInArchive(tool: Tool, { archiveId, backup }: ChosenBackup, file: string): Promise<boolean> {
  const folder = `archive/${tool.config.stanza}/${archiveId}/${file.slice(0, 16)}`
  const args = [`--repo=${backup.database['repo-key']}`, `--filter=^${file}-`, 'repo-ls', folder]
  return (await run(tool, args, INFO_LIMIT_MS, { isForStanza: false })).trim() !== ''
}

async function run(
  { host, config: { stanza, configFile } }: Tool,
  args: readonly string[],
  timeoutMs: number,
  { isForStanza = true }: { readonly isForStanza?: boolean } = {},
): Promise<string> {
  const argv = [
    'pgbackrest',
    ...(configFile === null ? [] : [`--config=${configFile}`]),
    ...(isForStanza ? [`--stanza=${stanza}`] : []),
    '--log-level-console=warn',
    ...args,
  ]
  const { exitCode, stdout, stderr } = await runAsServerUser(host, argv, {
    timeoutMs,
    maxOutputBytes: MAX_OUTPUT_BYTES,
  })
  if (exitCode === 0) return stdout
  const verb = args.find((one) => !one.startsWith('-')) ?? ''
  throw new BackflipError(`pgBackRest: ${verb} failed`, {
    code: 'pgbackrest-failed',
    kind: 'failed',
    // It prints its errors on stdout as well.
    details: [...lines(`${stdout}\n${stderr}`), 'the running database was not touched'],
    hint: `pgbackrest --stanza=${stanza} check`,
  })
}
