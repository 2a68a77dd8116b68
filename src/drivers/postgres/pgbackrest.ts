import type { PgbackrestConfig } from '../../config/types.ts'
import { BackflipError } from '../../domain/errors.ts'
import type { PointInTimeRecovery, RecoveryInfo } from '../../ports/point-in-time-recovery.ts'
import { lines, type PostgresHost, runAsServerUser } from './host.ts'

const INFO_LIMIT_MS = 60_000
const RESTORE_LIMIT_MS = 12 * 60 * 60_000
/** Names of restore points that are safe as one argument of recovery settings, which pgBackRest writes into a file. */
const POINT = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/

/** Restores beside the running server, to a named point that `restorePoint` made. The running one is not touched. */
export function pgbackrest(host: PostgresHost, config: PgbackrestConfig): PointInTimeRecovery {
  return {
    info: () => readInfo(host, config),
    restoreBeside: (ask) => restoreBeside(host, config, ask),
  }
}

async function readInfo(host: PostgresHost, config: PgbackrestConfig): Promise<RecoveryInfo> {
  const text = await run(host, config, ['--output=json', 'info'], INFO_LIMIT_MS)
  const stanza = (JSON.parse(text) as readonly Stanza[]).find(({ name }) => name === config.stanza)
  const archive = stanza?.archive?.at(-1)
  return {
    isReady: stanza?.status.code === 0,
    status: stanza?.status.message ?? 'no such stanza',
    backups: (stanza?.backup ?? []).map(({ label, type, timestamp }) => ({
      label,
      type,
      finishedAt: new Date(timestamp.stop * 1_000).toISOString(),
    })),
    archivedFrom: archive?.min ?? null,
    archivedTo: archive?.max ?? null,
  }
}

/** Of `pgbackrest info --output=json` what we read (2.45). Status 0 is "ok". */
interface Stanza {
  readonly name: string
  readonly status: { readonly code: number; readonly message: string }
  readonly backup?: readonly {
    readonly label: string
    readonly type: string
    readonly timestamp: { readonly stop: number }
  }[]
  readonly archive?: readonly { readonly min: string | null; readonly max: string | null }[]
}

/**
 * `promote` at the point: the copy goes on in a timeline of its own, so that its log never mixes with the first one's. Its archiving is
 * off until somebody takes it as the live one and means it.
 */
async function restoreBeside(
  host: PostgresHost,
  config: PgbackrestConfig,
  { folder, point }: { readonly folder: string; readonly point: string },
): Promise<void> {
  if (!POINT.test(point)) {
    throw new BackflipError(`${JSON.stringify(point)} is not the name of a restore point`, {
      code: 'bad-restore-point',
      kind: 'usage',
    })
  }
  const held = await host.transport.listFolder(folder)
  if (folder === host.config.dataFolder || (held ?? []).length > 0) {
    throw new BackflipError(`${folder} is not empty`, {
      code: 'restore-folder-taken',
      kind: 'refused',
      details: ['nothing was changed'],
      hint: 'a folder that does not exist yet',
    })
  }
  const made = await runAsServerUser(host, ['mkdir', '--parents', '--mode', '700', folder], {
    timeoutMs: INFO_LIMIT_MS,
  })
  if (made.exitCode !== 0) throw failed('mkdir', lines(made.stderr))
  const args = [
    `--pg1-path=${folder}`,
    '--type=name',
    `--target=${point}`,
    '--target-action=promote',
    '--archive-mode=off',
    'restore',
  ]
  await run(host, config, args, RESTORE_LIMIT_MS)
}

async function run(
  host: PostgresHost,
  { stanza, configFile }: PgbackrestConfig,
  args: readonly string[],
  timeoutMs: number,
): Promise<string> {
  const where = configFile === null ? [] : [`--config=${configFile}`]
  const argv = ['pgbackrest', ...where, `--stanza=${stanza}`, '--log-level-console=warn', ...args]
  const { exitCode, stdout, stderr } = await runAsServerUser(host, argv, { timeoutMs, maxOutputBytes: 8 * 1024 * 1024 })
  if (exitCode === 0) return stdout
  // It prints its errors on stdout as well.
  throw failed(args.at(-1) ?? '', lines(`${stdout}\n${stderr}`))
}

function failed(verb: string, details: readonly string[]): BackflipError {
  return new BackflipError(`pgBackRest: ${verb} failed`, {
    code: 'pgbackrest-failed',
    kind: 'failed',
    details: [...details, 'the running database was not touched'],
    hint: 'pgbackrest check, with the same stanza',
  })
}
