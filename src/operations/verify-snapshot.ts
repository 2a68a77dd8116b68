import { type ErrorRecord, refusal, toErrorRecord } from '../domain/errors.ts'
import type { EnvironmentRecord, SnapshotRecord } from '../domain/history/record.ts'
import type { SnapshotName } from '../domain/ids.ts'
import type { DataService } from '../ports/data-service.ts'
import type { Verification } from '../ports/database.ts'
import type { Environment, RunOptions } from './environment.ts'
import { markOf } from './mark-of.ts'
import { loadRecord } from './record.ts'
import { withLease } from './with-lease.ts'

/** A proof in the background waits so long for an operation to end before it writes down what it found. */
const WRITE_WAIT_MS = 60 * 60_000
const LOCK = 'snapshots-verify'

export interface VerifiedSnapshot {
  readonly taken: SnapshotRecord
  readonly proof: Verification
  readonly tookMs: number
}

/** One that could not be looked at: it is neither good nor bad, and is tried again the next time. */
export interface UnprovedSnapshot {
  readonly taken: SnapshotRecord
  readonly error: ErrorRecord
}

export interface VerifyListener {
  readonly begins: (taken: SnapshotRecord) => void
  readonly ended: (result: VerifiedSnapshot | UnprovedSnapshot) => void
}

/** What the storage of each service holds by name. */
export type Held = ReadonlyMap<string, ReadonlySet<string>>

/** Snapshots to prove: the one that is named, in every service; or all that were never proved and are still there, newest first. Error `no-such-snapshot`. */
export function chooseUnverified(
  { snapshots }: EnvironmentRecord,
  held: Held,
  snapshot: SnapshotName | null,
): readonly SnapshotRecord[] {
  const there = snapshots.filter((one) => held.get(one.service)?.has(one.snapshot) === true)
  if (snapshot === null) return there.filter(({ verified }) => verified === 'not-yet').toReversed()
  const found = there.filter((one) => one.snapshot === snapshot)
  if (found.length > 0) return found
  throw refusal(`there is no snapshot ${snapshot} that an operation here took`, {
    code: 'no-such-snapshot',
    hint: 'backflip snapshots list',
  })
}

/**
 * Proves snapshots one after the other, those too that a deploy takes meanwhile. One at a time: a proof takes the storage's and the processor's time,
 * and whatever an earlier one that died has left is taken away first. Error `shared-lock-busy` (kind `held`) when one is under way: nothing is done.
 */
export function verifySnapshots(
  environment: Environment,
  snapshot: SnapshotName | null,
  listener: VerifyListener,
  options: RunOptions = {},
): Promise<readonly (VerifiedSnapshot | UnprovedSnapshot)[]> {
  return environment.locks.hold(LOCK, 0, async () => {
    for (const service of environment.data) await removeLeftOver(service)
    const results: (VerifiedSnapshot | UnprovedSnapshot)[] = []
    const wasTried = ({ service, snapshot: name }: SnapshotRecord) =>
      results.some(({ taken }) => taken.service === service && taken.snapshot === name)
    for (;;) {
      const chosen = chooseUnverified(await loadRecord(environment.journal), await heldBy(environment), snapshot)
      const taken = chosen.find((one) => !wasTried(one))
      if (taken === undefined || options.signal?.aborted === true) return results
      listener.begins(taken)
      const result = await tryOne(environment, taken, options)
      results.push(result)
      listener.ended(result)
    }
  })
}

async function heldBy({ data }: Environment): Promise<Held> {
  const looks = await Promise.all(data.map(async (service) => ({ service, look: await service.look() })))
  return new Map(looks.map(({ service, look }) => [service.name, new Set(look.snapshots.map(({ name }) => name))]))
}

/** One that cannot be proved now keeps nobody from proving the next one. */
async function tryOne(
  environment: Environment,
  taken: SnapshotRecord,
  options: RunOptions,
): Promise<VerifiedSnapshot | UnprovedSnapshot> {
  try {
    return await verifySnapshot(environment, taken, options)
  } catch (error) {
    return { taken, error: toErrorRecord(error) }
  }
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
  const { clock, journal, actor } = environment
  const begun = clock.monotonicMs()
  const proof = await proveBeside(environment, taken)
  const tookMs = Math.round(clock.monotonicMs() - begun)
  await withLease(environment, 'snapshots verify', { lockWaitMs: WRITE_WAIT_MS, ...options }, async ({ lease }) => {
    const { service, snapshot } = taken
    const checks = proof.checks.map(({ name, result, detail }) => `${name} ${result}: ${detail}`)
    const { isVerified, recoveredTo } = proof
    const fact = { kind: 'snapshot-verified', service, snapshot, isVerified, checks, recoveredTo, tookMs } as const
    await journal.append(lease.token, [{ operation: null, actor, fact }])
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
  const copy = `${proofPrefix(service)}${operation.slice(-12)}`
  return service.verifySnapshot({ snapshot: taken.snapshot, as: copy, operation, mark, fencedBy: null })
}

function proofPrefix({ instance }: DataService): string {
  return `${instance.slice(0, 40)}-proof-`
}

/** Copies of proofs whose process died: we hold the lock, so nobody works on them. */
async function removeLeftOver(service: DataService): Promise<void> {
  const { copies } = await service.look()
  for (const { name, role, operation } of copies) {
    if (role !== 'copy' || !name.startsWith(proofPrefix(service))) continue
    await service.removeCopy({ name, operation, fencedBy: null })
  }
}
