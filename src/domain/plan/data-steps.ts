import { BackflipError } from '../errors.ts'
import { type Sha, type SnapshotName, short } from '../ids.ts'
import type { DataServiceFacts, PlanFacts } from './facts.ts'
import type { CheckDataParams, MarkDataParams, SnapshotDataParams } from './params.ts'
import type { PlannedStep } from './plan.ts'
import { step } from './step.ts'

const MAX_NUMBER = 999

/** `pre-deploy-<sha>`, numbered when that is taken in one of the services: the same name in all of them is one moment. Error `no-free-name`. */
export function freeSnapshotName(wanted: string, data: readonly DataServiceFacts[]): SnapshotName {
  const taken = new Set(data.flatMap(({ snapshots }) => snapshots))
  for (let number = 1; number <= MAX_NUMBER; number += 1) {
    const name = (number === 1 ? wanted : `${wanted}-${number}`) as SnapshotName
    if (!taken.has(name)) return name
  }
  throw new BackflipError(`${MAX_NUMBER} snapshots are called ${wanted}`, {
    code: 'no-free-name',
    kind: 'refused',
    hint: 'backflip snapshots prune',
  })
}

/** A: whether a snapshot can be taken at all is known before anything is changed. */
export function checkDataSteps(
  { settings }: Pick<PlanFacts, 'settings'>,
  data: readonly DataServiceFacts[],
  { allowStop }: { readonly allowStop: boolean },
): readonly PlannedStep[] {
  if (data.length === 0) return []
  const { minFreeBytes } = settings.snapshots
  const services = data.map(({ name }) => name)
  return [
    step<CheckDataParams>('check-data', 'prepare', `Check that ${list(services)} can be snapshotted`, {
      services,
      allowStop,
      minFreeBytes,
    }),
  ]
}

export interface SnapshotAsk {
  /** Of the marker row and the restore point in each database. */
  readonly mark: string
  readonly name: string
  readonly keepMs: number
  readonly allowStop: boolean
  /** What it is taken for, for people. */
  readonly before: string
}

/** B: where the data stands, and one snapshot of each service, before anything is done to it. */
export function snapshotSteps(
  { record }: Pick<PlanFacts, 'record'>,
  data: readonly DataServiceFacts[],
  ask: SnapshotAsk,
): readonly PlannedStep[] {
  if (data.length === 0) return []
  const services = data.map(({ name }) => name)
  const snapshot = freeSnapshotName(ask.name, data)
  const stopped = data.filter(({ isAtomic }) => !isAtomic && ask.allowStop).map(({ name }) => name)
  const stopping = stopped.length === 0 ? '' : `, with ${list(stopped)} stopped for it`
  return [
    step<MarkDataParams>('mark-data', 'migrate', `Checkpoint ${list(services)} and note where it stands`, {
      services,
      mark: ask.mark,
    }),
    step<SnapshotDataParams>(
      'snapshot-data',
      'migrate',
      `Snapshot ${list(services)} as ${shorten(snapshot)}${stopping}`,
      {
        services: services.map((service) => ({ service, snapshot, stopFirst: stopped.includes(service) })),
        keepMs: ask.keepMs,
        live: record.live?.sha ?? null,
        before: ask.before,
      },
    ),
  ]
}

/** What deploys and SQL by hand have in common: the snapshot settings of the environment, and the operation's own mark. */
export function snapshotBefore(facts: PlanFacts, name: string, before: string): readonly PlannedStep[] {
  const { operation, settings, data } = facts
  const { keepMs, allowStop } = settings.snapshots
  return snapshotSteps(facts, data, { mark: operation, name, keepMs, allowStop, before })
}

export function list(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? 'nothing') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

/** A name with a whole SHA in it, for a title. */
function shorten(name: string): string {
  return name.replace(/[0-9a-f]{40}/, (sha) => short(sha as Sha))
}
