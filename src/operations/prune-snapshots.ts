import type { EnvironmentRecord, ReplacedRecord } from '../domain/history/record.ts'
import type { DataServiceName, SnapshotName } from '../domain/ids.ts'
import type { Fact } from '../domain/journal.ts'
import { refuseWhileOpen } from '../domain/plan/guards.ts'
import type { Environment, RunOptions } from './environment.ts'
import { loadRecord } from './record.ts'
import { type ListedSnapshot, listSnapshots, type SnapshotList } from './snapshots.ts'
import { takeFenceUnder } from './take-fence.ts'
import { withLease } from './with-lease.ts'

export interface PruneAsk {
  /** The snapshot to remove by name; null: those whose time is over, and what restores kept for long enough. */
  readonly snapshot: SnapshotName | null
  readonly now: string
}

export interface Pruned {
  readonly snapshots: readonly { readonly service: DataServiceName; readonly snapshot: SnapshotName }[]
  readonly kept: readonly { readonly service: DataServiceName; readonly keptAs: string }[]
  /** Kept for long enough, and not removed: the snapshots in it would go with it. */
  readonly held: readonly { readonly keptAs: string; readonly by: readonly SnapshotName[] }[]
}

/**
 * What `prune` would remove: snapshots of ours whose time is over, or the one that is named; and what restores kept for longer than it must be. Never
 * what nobody here took, and no instance with such a snapshot in it, or with one that is to be kept (I6: nothing without an explicit order).
 */
export function choosePruned({ snapshots, kept, gone }: SnapshotList, ask: PruneAsk, keepReplacedMs: number): Pruned {
  const isOver = (at: string | null) => at !== null && Date.parse(at) <= Date.parse(ask.now)
  const isChosen = ({ name, taken, expiresAt }: ListedSnapshot) =>
    taken !== null && (ask.snapshot === null ? isOver(expiresAt) : name === ask.snapshot)
  const chosen = snapshots.filter(isChosen).map(({ service, name }) => ({ service, snapshot: name }))
  if (ask.snapshot !== null) return { snapshots: chosen, kept: [], held: [] }
  const old = kept.filter(({ at }) => Date.parse(at) + keepReplacedMs <= Date.parse(ask.now))
  const inIt = ({ service, keptAs }: ReplacedRecord) =>
    snapshots.filter((one) => one.service === service && one.instance === keptAs && !isChosen(one))
  // What the storage removed by itself when its time was over is only written down.
  const forgotten = gone.filter(({ expiresAt }) => isOver(expiresAt))
  return {
    snapshots: [...chosen, ...forgotten.map(({ service, snapshot }) => ({ service, snapshot }))],
    kept: old.flatMap((one) => (inIt(one).length === 0 ? [{ service: one.service, keptAs: one.keptAs }] : [])),
    held: old.flatMap((one) =>
      inIt(one).length === 0 ? [] : [{ keptAs: one.keptAs, by: inIt(one).map(({ name }) => name) }],
    ),
  }
}

/**
 * Removes what was chosen and is still to be chosen under the lease. The order is journalled before anything is removed, and each removal after it:
 * whoever dies in between is followed by the next `prune`. Error `operation-open` (kind `held`): what is open may need it.
 */
export async function prune(
  environment: Environment,
  chosen: Pruned,
  ask: PruneAsk,
  options: RunOptions = {},
): Promise<void> {
  const { journal, actor, settings } = environment
  await withLease(environment, 'snapshots prune', options, async ({ lease }) => {
    const record = await loadRecord(journal)
    refuseWhileOpen(record)
    const now = choosePruned(await listSnapshots(environment), ask, settings.snapshots.keepReplacedMs)
    const snapshots = chosen.snapshots.filter((one) =>
      now.snapshots.some(({ service, snapshot }) => service === one.service && snapshot === one.snapshot),
    )
    const kept = chosen.kept.filter((one) =>
      now.kept.some(({ service, keptAs }) => service === one.service && keptAs === one.keptAs),
    )
    const services = [...snapshots, ...kept].map(({ service }) => service)
    const fencedBy = await takeFenceUnder(environment, lease, services)
    const write = (fact: Fact) => journal.append(lease.token, [{ operation: null, actor, fact }])
    await write({ kind: 'prune-ordered', snapshots, kept })
    for (const { service, snapshot } of snapshots) {
      await serviceOf(environment, service)?.removeSnapshot({ name: snapshot, fencedBy })
      await write({ kind: 'data-removed', effect: { effect: 'snapshot-removed', service, snapshot } })
    }
    for (const { service, keptAs } of kept) {
      const operation = operationOf(record, service, keptAs)
      if (operation !== null) await serviceOf(environment, service)?.removeCopy({ name: keptAs, operation, fencedBy })
      await write({ kind: 'data-removed', effect: { effect: 'kept-removed', service, keptAs } })
    }
  })
}

function serviceOf({ data }: Environment, name: DataServiceName) {
  return data.find((one) => one.name === name)
}

function operationOf({ replaced }: EnvironmentRecord, service: DataServiceName, keptAs: string) {
  return replaced.find((one) => one.service === service && one.keptAs === keptAs)?.operation ?? null
}
