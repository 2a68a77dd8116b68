import { type Lsn, parseLsn, walBytesBetween } from '../../domain/data/lsn.ts'
import { refusal } from '../../domain/errors.ts'
import type { RecoveryPoint } from '../../ports/point-in-time-recovery.ts'

/** Of each refusal: it comes before anything is. */
export const UNCHANGED = 'nothing was changed'

/** Of `pgbackrest info --output=json` what we read (2.45). Status 0 is "ok". */
export interface Stanza {
  readonly name: string
  readonly status: { readonly code: number; readonly message: string }
  readonly repo?: readonly { readonly status: { readonly message: string } }[]
  readonly db?: readonly { readonly id: number; readonly 'repo-key': number; readonly 'system-id': number | string }[]
  readonly backup?: readonly StanzaBackup[]
  readonly archive?: readonly {
    readonly id: string
    readonly database: { readonly id: number; readonly 'repo-key': number }
  }[]
}

export interface StanzaBackup {
  readonly label: string
  readonly type: string
  /** Pages whose checksum was wrong, and the like. */
  readonly error?: boolean | null
  readonly database: { readonly id: number; readonly 'repo-key': number }
  /** Names of files of the log. */
  readonly archive: { readonly start: string | null; readonly stop: string | null }
  readonly lsn?: { readonly start: string; readonly stop: string }
  readonly info: { readonly size: number }
  /** Seconds since 1970. */
  readonly timestamp: { readonly stop: number }
}

/** Where a timeline left the one before it; oldest first. */
export interface TimelineSwitch {
  readonly timeline: number
  readonly lsn: Lsn
}

export interface ChosenBackup {
  readonly backup: StanzaBackup
  /** In the repository: `15-1`. */
  readonly archiveId: string
  readonly logBytes: number
}

/**
 * The newest backup from which the log leads to the point: it ended before it, on the same timeline or on one that the point's came from, before they
 * parted. The tool itself takes the newest of all for a named point, and the point is never found then.
 */
export function chooseBackup(
  stanzas: readonly Stanza[],
  name: string,
  point: RecoveryPoint,
  history: readonly TimelineSwitch[],
): ChosenBackup {
  const stanza = stanzaOf(stanzas, name)
  const ids = databaseIds(stanza, point.systemId)
  const backups = (stanza.backup ?? []).flatMap((backup) => {
    const logBytes = ids.includes(backup.database.id) && backup.error !== true ? logAhead(backup, point, history) : null
    return logBytes === null ? [] : [{ backup, logBytes }]
  })
  const found = backups.toSorted((a, b) => a.backup.timestamp.stop - b.backup.timestamp.stop).at(-1)
  if (found === undefined) throw noBackup(stanza, point)
  const archive = (stanza.archive ?? []).find(
    ({ database }) =>
      database.id === found.backup.database.id && database['repo-key'] === found.backup.database['repo-key'],
  )
  if (archive === undefined) throw noBackup(stanza, point)
  return { ...found, archiveId: archive.id }
}

/** Error `recovery-no-stanza` (kind `refused`), also when nothing is in it. */
export function stanzaOf(stanzas: readonly Stanza[], name: string): Stanza {
  const stanza = stanzas.find((one) => one.name === name)
  if (stanza !== undefined && (stanza.backup ?? []).length > 0) return stanza
  throw noStanza(name, stanza)
}

/**
 * JSON numbers have 53 bits here and ids of systems have 64: what was read is rounded, so what we hold is rounded as well. Another server of the
 * same stanza would have to be made within the same microsecond.
 */
function databaseIds({ db = [] }: Stanza, systemId: string): readonly number[] {
  return db.filter((one) => Number(one['system-id']) === Number(systemId)).map(({ id }) => id)
}

/** Bytes of log from the end of the backup to the point; null when it does not lead there. */
function logAhead({ archive, lsn }: StanzaBackup, point: RecoveryPoint, history: readonly TimelineSwitch[]) {
  if (archive.stop === null || lsn === undefined) return null
  const timeline = Number.parseInt(archive.stop.slice(0, 8), 16)
  const end = parseLsn(lsn.stop)
  const left = history.find((one) => one.timeline === timeline)?.lsn
  if (timeline !== point.timeline && (left === undefined || walBytesBetween(end, left) < 0)) return null
  const bytes = walBytesBetween(end, point.lsn)
  return bytes < 0 ? null : bytes
}

/** A line is `1<tab>0/5000090<tab>why`; the server's own comment lines begin with `#`. */
export function parseHistory(text: string): readonly TimelineSwitch[] {
  return text.split('\n').flatMap((line) => {
    const [, timeline, lsn] = /^\s*(\d+)\s+([0-9A-Fa-f]+\/[0-9A-Fa-f]+)/.exec(line) ?? []
    return timeline === undefined || lsn === undefined ? [] : [{ timeline: Number(timeline), lsn: parseLsn(lsn) }]
  })
}

function noStanza(name: string, stanza: Stanza | undefined): Error {
  return refusal(`pgBackRest has no backup in the stanza ${name}: ${stanza?.status.message ?? 'no such stanza'}`, {
    code: 'recovery-no-stanza',
    details: [UNCHANGED, 'the stanza is another one, its repository is not there, or nothing was backed up'],
    hint: `pgbackrest --stanza=${name} check`,
  })
}

function noBackup({ name, backup = [] }: Stanza, { name: point, lsn, timeline }: RecoveryPoint): Error {
  return refusal(`no backup in the stanza ${name} leads to the restore point ${point}`, {
    code: 'recovery-no-backup',
    details: [
      `it lies at ${lsn} on timeline ${timeline}; a backup of this server that ended before it is needed`,
      ...backup
        .slice(-5)
        .map(
          (one) =>
            `${one.label} ended ${isoOf(one)}, at ${one.lsn?.stop ?? 'an unknown place'}, in ${one.archive.stop ?? 'no file'}`,
        ),
      UNCHANGED,
    ],
    hint: 'backflip snapshots list',
  })
}

export function isoOf({ timestamp }: Pick<StanzaBackup, 'timestamp'>): string {
  return new Date(timestamp.stop * 1_000).toISOString()
}
