import type { DataServiceName } from '../ids.ts'
import type { Effect, Entry, Fact } from '../journal.ts'
import type { EnvironmentRecord, ReplacedRecord, SnapshotRecord } from './record.ts'

/** Bounds: older ones are in the journal still, and in the storage's own list. */
const MAX_SNAPSHOTS = 200
const MAX_REPLACED = 50

export type DataEffect = Extract<
  Effect,
  {
    effect: 'snapshot-taken' | 'snapshot-removed' | 'maintenance' | 'data-replaced' | 'data-put-back' | 'kept-removed'
  }
>

/** What an operation did to data services, and to whether users may reach them. */
export function foldDataEffect(record: EnvironmentRecord, effect: DataEffect, entry: Entry): EnvironmentRecord {
  const { at, operation } = entry
  switch (effect.effect) {
    case 'maintenance':
      return { ...record, maintenance: effect.on ? { since: at, operation } : null }
    case 'snapshot-taken':
      return operation === null ? record : { ...record, snapshots: withSnapshot(record, taken(effect, operation)) }
    case 'snapshot-removed':
      return { ...record, snapshots: record.snapshots.filter((one) => !isSame(one, effect)) }
    case 'data-replaced': {
      if (operation === null) return record
      const { service, from, keptAs } = effect
      const found = keptBy(record, service, from)
      const over = found === null ? null : { ...found, over: null }
      const others = record.replaced.filter((one) => one !== found)
      return { ...record, replaced: [...others, { service, keptAs, from, at, operation, over }].slice(-MAX_REPLACED) }
    }
    case 'data-put-back': {
      const found = keptBy(record, effect.service, effect.keptAs)
      // What an earlier restore had kept is kept again: it can still be asked for.
      return {
        ...record,
        replaced: record.replaced.flatMap((one) => (one !== found ? [one] : one.over === null ? [] : [one.over])),
      }
    }
    case 'kept-removed': {
      const found = keptBy(record, effect.service, effect.keptAs)
      return { ...record, replaced: record.replaced.filter((one) => one !== found) }
    }
  }
}

function keptBy({ replaced }: EnvironmentRecord, service: DataServiceName, keptAs: string): ReplacedRecord | null {
  return replaced.find((one) => one.service === service && one.keptAs === keptAs) ?? null
}

type Taken = Extract<Effect, { effect: 'snapshot-taken' }>

function taken(effect: Taken, operation: SnapshotRecord['operation']): SnapshotRecord {
  const { service, snapshot, takenAt, expiresAt, live, before } = effect
  const unproved = { verified: 'not-yet', verifiedAt: null, verifyMs: null, recoveredTo: null, checks: [] } as const
  return { service, snapshot, takenAt, expiresAt, live, before, operation, ...unproved }
}

function withSnapshot(record: EnvironmentRecord, snapshot: SnapshotRecord): readonly SnapshotRecord[] {
  return [...record.snapshots.filter((one) => !isSame(one, snapshot)), snapshot].slice(-MAX_SNAPSHOTS)
}

export function foldVerified(
  record: EnvironmentRecord,
  fact: Extract<Fact, { kind: 'snapshot-verified' }>,
  at: string,
): EnvironmentRecord {
  const { isVerified, checks, recoveredTo, tookMs } = fact
  const verified = isVerified ? 'verified' : 'failed'
  return {
    ...record,
    snapshots: record.snapshots.map((one) =>
      isSame(one, fact) ? { ...one, verified, verifiedAt: at, verifyMs: tookMs, recoveredTo, checks } : one,
    ),
  }
}

function isSame(a: Pick<SnapshotRecord, 'service' | 'snapshot'>, b: Pick<SnapshotRecord, 'service' | 'snapshot'>) {
  return a.service === b.service && a.snapshot === b.snapshot
}
