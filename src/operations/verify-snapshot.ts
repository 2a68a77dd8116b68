import { refusal } from '../domain/errors.ts'
import type { EnvironmentRecord, SnapshotRecord } from '../domain/history/record.ts'
import type { SnapshotName } from '../domain/ids.ts'
import type { Verification } from '../ports/database.ts'
import type { Environment, RunOptions } from './environment.ts'
import { markOf } from './mark-of.ts'
import { loadRecord } from './record.ts'
import { withLease } from './with-lease.ts'

/** A proof in the background waits so long for an operation to end before it writes down what it found. */
const WRITE_WAIT_MS = 60 * 60_000

export interface VerifiedSnapshot {
  readonly taken: SnapshotRecord
  readonly proof: Verification
  readonly tookMs: number
}

/** Snapshots to prove: the one that is named, in every service; or all that were never proved, newest first. */
export function chooseUnverified(record: EnvironmentRecord, snapshot: SnapshotName | null): readonly SnapshotRecord[] {
  if (snapshot === null) return record.snapshots.filter(({ verified }) => verified === 'not-yet').toReversed()
  const found = record.snapshots.filter((one) => one.snapshot === snapshot)
  if (found.length > 0) return found
  throw refusal(`there is no snapshot ${snapshot} that an operation here took`, {
    code: 'no-such-snapshot',
    hint: 'backflip snapshots list',
  })
}

/**
 * Proves one snapshot on a copy of its own, without a network, and writes down what was found. It holds no lease meanwhile: nothing that is live is
 * touched, and a rollback must not wait for it.
 */
export async function verifySnapshot(
  environment: Environment,
  taken: SnapshotRecord,
  options: RunOptions = {},
): Promise<VerifiedSnapshot> {
  const { clock } = environment
  const begun = clock.monotonicMs()
  const proof = await proveBeside(environment, taken)
  const tookMs = Math.round(clock.monotonicMs() - begun)
  await withLease(environment, 'snapshots verify', { lockWaitMs: WRITE_WAIT_MS, ...options }, async ({ lease }) => {
    await environment.journal.append(lease.token, [
      {
        operation: null,
        actor: environment.actor,
        fact: {
          kind: 'snapshot-verified',
          service: taken.service,
          snapshot: taken.snapshot,
          isVerified: proof.isVerified,
          checks: proof.checks.map(({ name, result, detail }) => `${name} ${result}: ${detail}`),
          recoveredTo: proof.recoveredTo,
          tookMs,
        },
      },
    ])
  })
  return { taken, proof, tookMs }
}

async function proveBeside(environment: Environment, taken: SnapshotRecord): Promise<Verification> {
  const service = environment.data.find((one) => one.name === taken.service)
  if (service === undefined)
    throw refusal(`the configuration has no data service ${taken.service}`, {
      code: 'no-such-service',
      hint: 'backflip check',
    })
  const mark =
    service.kind === 'postgres'
      ? await markOf(environment.journal, { operation: taken.operation, step: 'mark-data' }, taken.service)
      : null
  const operation = environment.newOperationId(taken.operation)
  const copy = `${service.instance.slice(0, 40)}-proof-${operation.slice(-12)}`
  return service.verifySnapshot({ snapshot: taken.snapshot, as: copy, operation, mark, fencedBy: null })
}

/** What is still to be proved, by the journal. */
export async function unverified(
  environment: Environment,
  snapshot: SnapshotName | null,
): Promise<readonly SnapshotRecord[]> {
  return chooseUnverified(await loadRecord(environment.journal), snapshot)
}
