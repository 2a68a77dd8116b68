import { isRecovered } from '../../domain/plan/restore.ts'
import { counted } from '../../lib/counted.ts'
import { formatDuration } from '../../lib/duration.ts'
import type { RestorePreview, ServicePreview } from '../../operations/preview-restore.ts'
import type { DataLoss } from '../../ports/database.ts'
import { proofOf } from './proof.ts'
import type { Paint } from './style.ts'

const MAX_TABLES = 20
const MIB = 1024 * 1024

/** Nothing brings these back, whatever is restored (research/reliability.md §5.4). */
const NOT_UNDONE = 'mails, payments, messages in queues, files in other stores, whatever other systems were told'

/** What a person reads before they type the number: what is lost first. */
export function renderRestore(preview: RestorePreview, now: string, paint: Paint): readonly string[] {
  const { target, services, transactions, bound, expectedMs } = preview
  const what = target.kind === 'undo' ? `what the restore ${target.operation} replaced` : target.snapshot
  const number = `${bound === 'exact' ? '' : `${bound.replace('-', ' ')} `}${counted(transactions, 'transaction')}`
  return [
    paint('strong', `restore ${what}`),
    `  ${paint('bad', 'lost')}       ${paint('strong', number)} since then`,
    ...services.flatMap((one) => renderService(one, now, paint)),
    ...renderSkew(services),
    `  not undone ${NOT_UNDONE}`,
    ...renderRecoveries(target, paint),
    `  users see  the maintenance page, ${howLong(target, expectedMs)}`,
  ]
}

/** What the log is like afterwards matters to who keeps the backups. */
function renderRecoveries(target: RestorePreview['target'], paint: Paint): readonly string[] {
  if (target.kind === 'undo' || target.recoveries.length === 0) return []
  return [
    ...target.recoveries.flatMap(({ service, backup, logBytes, point }) => [
      `  backup     ${service}: ${paint('strong', backup.label)} (${backup.type}), ended ${backup.finishedAt}, ${mib(backup.sizeBytes)}`,
      `  replayed   ${mib(logBytes)} of log, up to the restore point ${point.name} at ${point.lsn}`,
    ]),
    '  afterwards the log goes on in a new timeline, and the old one stays in the archive: take a new backup then',
  ]
}

function mib(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`
}

function howLong(target: RestorePreview['target'], expectedMs: number | null): string {
  const rest = 'the stop and start of the service'
  if (isRecovered(target)) return `until the backup is there, its log replayed and all of it proved, and for ${rest}`
  if (target.kind === 'undo') return `for ${rest}`
  if (expectedMs === null) return 'for how long nobody knows: this snapshot was never proved'
  return `for about ${formatDuration(expectedMs)} and ${rest}`
}

function renderService(
  { instance, taken, replaced, loss, now: facts, schema, look }: ServicePreview,
  now: string,
  paint: Paint,
): readonly string[] {
  const at = taken?.takenAt ?? replaced?.at ?? ''
  const age = formatDuration(Math.max(0, Date.parse(now) - Date.parse(at)))
  const proof = taken === null ? '' : `, ${proofOf(taken, paint)}`
  const lands = taken === null ? '' : `, before ${taken.before}; live then: ${taken.live?.slice(0, 12) ?? 'nothing'}`
  const lines = [`  ${instance}`, `    from     ${at}, ${age} ago${proof}${lands}`]
  lines.push(
    ...(loss === null ? ['    lost     files that were changed since; nobody counts them'] : renderLoss(loss, paint)),
  )
  if (schema?.before != null) lines.push(`    schema   ${schema.before}, now ${schema.now ?? 'unknown'}`)
  if (facts !== null) {
    lines.push(`    open     ${facts.openConnections} connections will be ended`)
    for (const { name, address } of facts.replicas)
      lines.push(`    ${paint('warn', 'replica')}  ${name} (${address ?? 'local'}) must be rebuilt`)
    for (const { name, type } of facts.slots)
      lines.push(`    ${paint('warn', 'slot')}     ${type} slot ${name} is lost`)
  }
  const later = look.snapshots.filter(({ createdAt }) => Date.parse(createdAt) > Date.parse(at)).length
  if (later > 0) lines.push(`    keeps    ${later} later snapshots, with what is live now`)
  for (const one of look.reservations) lines.push(`    ${paint('warn', '!')}        ${one}`)
  return lines
}

/** Several services are put back to several moments, when their snapshots were not taken at one. */
function renderSkew(services: readonly ServicePreview[]): readonly string[] {
  const at = services.flatMap(({ taken }) => (taken === null ? [] : [Date.parse(taken.takenAt)]))
  const skewMs = Math.max(...at) - Math.min(...at)
  return at.length > 1 ? [`  skew       the snapshots were taken within ${skewMs} ms of each other`] : []
}

function renderLoss(loss: DataLoss, paint: Paint): readonly string[] {
  const { walBytes, commits, tables, lastWriteAt, isExact, bound, reservations } = loss
  const lines = [
    `    lost     ${counted(loss.transactions, 'transaction')} (${counted(commits, 'commit')}, ${(walBytes / MIB).toFixed(1)} MiB of log)${isExact ? ', exactly' : `, ${bound.replace('-', ' ')}`}`,
    `    last     ${lastWriteAt === null ? 'write unknown, or none' : `write at ${lastWriteAt}`}`,
    ...tables
      .slice(0, MAX_TABLES)
      .map(
        ({ database, name, inserted, updated, deleted }) =>
          `      ${database} ${name}: ${inserted} inserted, ${updated} updated, ${deleted} deleted`,
      ),
  ]
  if (tables.length > MAX_TABLES) lines.push(`      and ${tables.length - MAX_TABLES} more tables`)
  return [...lines, ...reservations.map((one) => `    ${paint('warn', '!')}        ${one}`)]
}
