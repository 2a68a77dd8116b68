import { type Bound, boundOf, countedFromMark } from '../domain/data/loss-bound.ts'
import { parseLsn } from '../domain/data/lsn.ts'
import { refusal } from '../domain/errors.ts'
import type { EnvironmentRecord, ReplacedRecord, SnapshotRecord } from '../domain/history/record.ts'
import type { DataServiceName, OperationId, SnapshotName } from '../domain/ids.ts'
import { isRecovered, type RestoreTarget } from '../domain/plan/restore.ts'
import type { DataLook, DataService } from '../ports/data-service.ts'
import type { Database, DatabaseFacts, DatabaseMark, DataLoss } from '../ports/database.ts'
import type { Environment } from './environment.ts'
import { markOf } from './mark-of.ts'
import { findTaken, recoveriesFor } from './recoveries.ts'

/** One service of a restore, before anybody agreed to anything. */
export interface ServicePreview {
  readonly service: DataServiceName
  readonly instance: string
  /** As the journal knows it; null when what an earlier restore replaced is put back. */
  readonly taken: SnapshotRecord | null
  readonly replaced: ReplacedRecord | null
  /** With writers running: the truth for the moment it was asked. Null for `files`: nobody counts files. */
  readonly loss: DataLoss | null
  readonly now: DatabaseFacts | null
  /** What the app's own query said of the schema then and says now; null without one, and for `files`. */
  readonly schema: { readonly before: string | null; readonly now: string | null } | null
  readonly look: DataLook
}

/** `from`: where databases come from. Default: their snapshot. */
export type RestoreRequest =
  | { readonly snapshot: SnapshotName; readonly from?: RestoreSource }
  | { readonly undo: OperationId }

export type RestoreSource = 'snapshot' | 'pgbackrest'

export interface RestorePreview {
  readonly target: RestoreTarget
  readonly services: readonly ServicePreview[]
  /** Of all databases. */
  readonly transactions: number
  /** Where the truth lies beside that number. */
  readonly bound: Bound
  readonly isExact: boolean
  /** How long users will see the maintenance page, from the last proof of the same snapshot; null when it was never proved, and for an undo. */
  readonly expectedMs: number | null
}

/** What a person must know first: what would be lost, to the row where it can be told. Changes nothing. */
export async function previewRestore(
  environment: Environment,
  record: EnvironmentRecord,
  ask: RestoreRequest,
): Promise<RestorePreview> {
  const target = await targetOf(environment, record, ask)
  const names = target.kind === 'snapshot' ? target.taken : target.replaced
  const services = await Promise.all(names.map(({ service }) => previewService(environment, target, service)))
  const losses = services.flatMap(({ loss }) => (loss === null ? [] : [loss]))
  const proofs = target.kind === 'snapshot' ? target.taken.map(({ verifyMs }) => verifyMs) : [null]
  return {
    target,
    services,
    transactions: losses.reduce((sum, { transactions }) => sum + transactions, 0),
    bound: boundOf(losses),
    isExact: losses.every(({ isExact }) => isExact),
    expectedMs:
      proofs.some((ms) => ms === null) || isRecovered(target) ? null : Math.max(...proofs.map((ms) => ms ?? 0)),
  }
}

async function targetOf(
  environment: Environment,
  record: EnvironmentRecord,
  ask: RestoreRequest,
): Promise<RestoreTarget> {
  if ('undo' in ask) return undoTarget(record, ask.undo)
  const { snapshot, from = 'snapshot' } = ask
  const known = record.snapshots.filter((one) => one.snapshot === snapshot)
  // A snapshot that is gone, and written off, leaves its restore point in the archive.
  const taken = known.length === 0 && from === 'pgbackrest' ? await findTaken(environment.journal, snapshot) : known
  if (taken.length === 0) throw noSuchSnapshot(environment, record, snapshot)
  const recoveries = from === 'snapshot' ? [] : await recoveriesFor(environment, taken)
  return { kind: 'snapshot', snapshot, taken, recoveries }
}

function noSuchSnapshot({ data }: Environment, { snapshots }: EnvironmentRecord, snapshot: SnapshotName): Error {
  return refusal(`there is no snapshot ${snapshot} that an operation here took`, {
    code: 'no-such-snapshot',
    details: [
      ...snapshots.slice(-5).map((one) => `${one.snapshot}, ${one.service}, ${one.takenAt}`),
      ...(data.some((one) => one.recovery() !== null)
        ? [`when it was one: backflip restore ${snapshot} --from pgbackrest`]
        : []),
    ],
    hint: 'backflip snapshots list',
  })
}

function undoTarget(record: EnvironmentRecord, operation: OperationId): RestoreTarget {
  const replaced = record.replaced.filter((one) => one.operation === operation)
  if (replaced.length > 0) return { kind: 'undo', operation, replaced }
  throw refusal(`nothing that the operation ${operation} replaced is kept`, {
    code: 'nothing-kept',
    details: record.replaced.map((one) => `${one.operation}: ${one.service}, ${one.at}`),
    hint: 'backflip snapshots list',
  })
}

async function previewService(
  environment: Environment,
  target: RestoreTarget,
  name: DataServiceName,
): Promise<ServicePreview> {
  const service = environment.data.find((one) => one.name === name)
  if (service === undefined)
    throw refusal(`the configuration has no data service ${name}`, { code: 'no-such-service', hint: 'backflip check' })
  const taken = target.kind === 'snapshot' ? (target.taken.find((one) => one.service === name) ?? null) : null
  const replaced = target.kind === 'undo' ? (target.replaced.find((one) => one.service === name) ?? null) : null
  const look = await service.look()
  const recovery = target.kind === 'snapshot' ? target.recoveries.find((one) => one.service === name) : undefined
  refuseGone(service, look, recovery === undefined ? taken : null, replaced)
  const database = service.database()
  const mark = {
    operation: taken?.operation ?? replaced?.operation ?? '',
    step: taken === null ? 'mark-restored' : 'mark-data',
  }
  const shown = { service: name, instance: service.instance, taken, replaced, look }
  if (database === null) return { ...shown, loss: null, now: null, schema: null }
  const since = await markOf(environment.journal, mark, name)
  const now = await database.facts()
  const before = taken === null ? null : since.facts.schemaVersion
  const schema = { before, now: now.schemaVersion }
  const from = recovery === undefined ? (taken?.recoveredTo ?? null) : recovery.point.lsn
  return { ...shown, loss: await lossOf(database, since, { from, isCounted: taken === null }), now, schema }
}

/** `isCounted`: the mark itself is what is gone back to. */
async function lossOf(
  database: Database,
  since: DatabaseMark,
  { from, isCounted }: { readonly from: string | null; readonly isCounted: boolean },
): Promise<DataLoss> {
  const loss = await database.lossSince(since, from === null ? {} : { from: parseLsn(from) })
  return from === null && !isCounted ? countedFromMark(loss) : loss
}

/** What the journal knows must still be there. */
function refuseGone(
  service: DataService,
  { snapshots, copies }: DataLook,
  taken: SnapshotRecord | null,
  replaced: ReplacedRecord | null,
): void {
  const { instance } = service
  if (taken !== null && !snapshots.some(({ name }) => name === taken.snapshot))
    throw refusal(`the snapshot ${taken.snapshot} of ${instance} is gone from its storage`, {
      code: 'no-such-snapshot',
      details: [taken.expiresAt === null ? 'it had no end' : `it was to be kept until ${taken.expiresAt}`],
      hint:
        service.recovery() === null
          ? 'backflip snapshots list'
          : `backflip restore ${taken.snapshot} --from pgbackrest`,
    })
  if (replaced !== null && !copies.some(({ name }) => name === replaced.keptAs))
    throw refusal(`${replaced.keptAs}, which the restore kept, is gone`, {
      code: 'nothing-kept',
      hint: 'backflip snapshots list (the snapshot from before the restore)',
    })
}
