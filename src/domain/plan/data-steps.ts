import { type SnapshotName, short } from '../ids.ts'
import type { DataServiceFacts, PlanFacts } from './facts.ts'
import type { CheckDataParams, MarkDataParams, SnapshotDataParams } from './params.ts'
import type { PlannedStep } from './plan.ts'
import { step } from './step.ts'

const MAX_NUMBER = 999

/** `pre-deploy-<sha>`, numbered when that is taken in one of the services: the same name in all of them is one moment. */
export function freeSnapshotName(wanted: string, data: readonly DataServiceFacts[]): SnapshotName {
  const taken = new Set(data.flatMap(({ snapshots }) => snapshots))
  for (let number = 1; number <= MAX_NUMBER; number += 1) {
    const name = (number === 1 ? wanted : `${wanted}-${number}`) as SnapshotName
    if (!taken.has(name)) return name
  }
  throw new Error(`${MAX_NUMBER} snapshots are called ${wanted}`)
}

/** A: whether a snapshot can be taken at all is known before anything is changed. */
export function checkDataSteps({ data, settings }: PlanFacts): readonly PlannedStep[] {
  if (data.length === 0) return []
  const { allowStop, minFreeBytes } = settings.snapshots
  const services = data.map(({ name }) => name)
  return [
    step<CheckDataParams>('check-data', 'prepare', `Check that ${list(services)} can be snapshotted`, {
      services,
      allowStop,
      minFreeBytes,
    }),
  ]
}

/** B: where the data stands, and one snapshot of each service, before anything is migrated. */
export function snapshotSteps(facts: PlanFacts, wanted: string, before: string): readonly PlannedStep[] {
  const { data, settings, operation, record } = facts
  if (data.length === 0) return []
  const services = data.map(({ name }) => name)
  const snapshot = freeSnapshotName(wanted, data)
  const { keepMs, allowStop } = settings.snapshots
  return [
    step<MarkDataParams>('mark-data', 'migrate', `Checkpoint ${list(services)} and note where it stands`, {
      services,
      mark: operation,
    }),
    step<SnapshotDataParams>('snapshot-data', 'migrate', `Snapshot ${list(services)} as ${shorten(snapshot)}`, {
      services: services.map((service) => ({ service, snapshot })),
      keepMs,
      allowStop,
      live: record.live?.sha ?? null,
      before,
    }),
  ]
}

export function list(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? 'nothing') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

/** A name with a whole SHA in it, for a title. */
function shorten(name: string): string {
  return name.replace(/[0-9a-f]{40}/, (sha) => short(sha as Parameters<typeof short>[0]))
}
