import { type Color, otherColor } from '../color.ts'
import { refusal } from '../errors.ts'
import type { ReplacedRecord, SnapshotRecord } from '../history/record.ts'
import { type DataServiceName, type OperationId, type Sha, type SnapshotName, short } from '../ids.ts'
import { checkDataSteps, list, snapshotSteps } from './data-steps.ts'
import { planHead, type UnhashedPlan } from './deploy.ts'
import type { DataServiceFacts, PlanFacts, ReleaseFacts } from './facts.ts'
import { agreedLive } from './guards.ts'
import { EDGE_LIMIT_MS, publicQuestions } from './launch-steps.ts'
import type {
  CountLostParams,
  ExportParams,
  MaintenanceParams,
  MarkDataParams,
  OpenParams,
  ReleaseParams,
  ReplaceParams,
  WritersParams,
} from './params.ts'
import type { PlannedStep } from './plan.ts'
import {
  becauseOfRecovery,
  checkRecoverySteps,
  placeSteps,
  recoverParams,
  recoverSteps,
  type ServiceRecovery,
} from './recovery-steps.ts'
import { step } from './step.ts'

/** For the release to find its database again, and for the edge to see it: some end with their connection and are started again. */
const RESTORED_LIMIT_MS = 60_000

/** What is restored: one snapshot name, in every service that has it; or what an earlier restore replaced. */
export type RestoreTarget =
  | {
      readonly kind: 'snapshot'
      readonly snapshot: SnapshotName
      readonly taken: readonly SnapshotRecord[]
      /** Of these services backups give the moment, and not the snapshot. */
      readonly recoveries: readonly ServiceRecovery[]
    }
  | { readonly kind: 'undo'; readonly operation: OperationId; readonly replaced: readonly ReplacedRecord[] }

export function isRecovered(target: RestoreTarget): boolean {
  return recoveriesOf(target).length > 0
}

export interface RestoreAsk {
  readonly target: RestoreTarget
  readonly live: ReleaseFacts
  /** The standby's release, when it is the one that was live at the snapshot and stands by; else null. */
  readonly standby: ReleaseFacts | null
  /** At most so many transactions may be lost; null: any number, said on purpose. */
  readonly maxLost: number | null
  /** Where rows that only the newer side has are written, one file a table; null: nowhere. */
  readonly exportFolder: string | null
}

/**
 * Data goes back beside itself: users are kept away, writers stopped, what is lost is counted again, the copy is proved, and only then it takes the
 * place of what is live, which is kept. Everything before users are let in again is undone when something fails. Letting them in is part of the
 * switch: half of it is no end, and the operation stays open for `resume`.
 */
export function planRestore(facts: PlanFacts, ask: RestoreAsk): UnhashedPlan {
  const live = agreedLive(facts)
  if (live === null)
    throw refusal('nothing is live, so no release could be asked whether the restored data serves it', {
      code: 'nothing-live',
      hint: 'backflip deploy SHA',
    })
  const services = replacements(facts, ask.target)
  const recoveries = recoveriesOf(ask.target)
  const recovering = recoverParams(services, recoveries)
  const serve = ask.standby === null ? live : { color: otherColor(live.color), sha: ask.standby.sha }
  const release = ask.standby ?? ask.live
  const moves = serve.color !== live.color
  return {
    ...planHead(facts, 'restore', ask.target.kind === 'undo' ? 'undo' : null),
    target: moves ? serve : null,
    from: live,
    consumes: null,
    because: because(facts, ask, moves),
    steps: [
      // It is stopped for the restore anyway: also storage that is not atomic can be snapshotted.
      ...checkDataSteps(facts, restored(facts, services), { allowStop: true }),
      ...checkRecoverySteps(recovering),
      ...closeSteps(facts, live.color, services, ask),
      ...recoverSteps(recovering, recoveries),
      ...keepSteps(facts, services),
      ...copySteps(services, recovering, ask),
      step<ReplaceParams>('swap-data', 'switch', `Put ${what(ask.target)} in the place of what is live`, { services }),
      ...openSteps(facts, serve, moves, release, services),
    ],
  }
}

type Services = ReplaceParams['services']

function restored({ data }: PlanFacts, services: Services): readonly DataServiceFacts[] {
  return data.filter(({ name }) => services.some(({ service }) => service === name))
}

function replacements({ data, operation }: PlanFacts, target: RestoreTarget): Services {
  const mine = operation.slice(-12)
  const instanceOf = (service: DataServiceName) => {
    const found = data.find(({ name }) => name === service)
    if (found !== undefined) return found.instance
    throw refusal(`the configuration has no data service ${service}`, {
      code: 'no-such-service',
      hint: 'backflip check',
    })
  }
  // A copy is named by its operation, so that a repeat finds what it made; an instance's name has at most 63 characters.
  const name = (service: DataServiceName, role: string) => `${instanceOf(service).slice(0, 40)}-${role}-${mine}`
  const keepAs = (service: DataServiceName) => name(service, 'kept')
  if (target.kind === 'undo')
    return target.replaced.map(({ service, keptAs }) => {
      return { service, snapshot: null, copy: keptAs, keepAs: keepAs(service), mark: null }
    })
  return target.taken.map(({ service, snapshot, operation: by }) => ({
    service,
    copy: name(service, 'copy'),
    keepAs: keepAs(service),
    mark: { operation: by, step: 'mark-data' },
    // What was recovered lies beside the live data, so the snapshot of now has it.
    ...(target.recoveries.some((one) => one.service === service)
      ? { snapshot: safetySnapshot(operation), recovered: true }
      : { snapshot }),
  }))
}

function recoveriesOf(target: RestoreTarget): readonly ServiceRecovery[] {
  return target.kind === 'undo' ? [] : target.recoveries
}

/** A: users are kept away, writers stopped, and what would be lost counted to the last transaction. */
function closeSteps(facts: PlanFacts, color: Color, services: Services, ask: RestoreAsk): readonly PlannedStep[] {
  const names = services.map(({ service }) => service)
  const counted = services.map(({ service, mark }) => ({
    service,
    mark: mark ?? { operation: ask.target.kind === 'undo' ? ask.target.operation : '', step: 'mark-restored' },
    from: provedEnd(facts, ask.target, service),
  }))
  const most = ask.maxLost === null ? 'any number of' : `at most ${ask.maxLost}`
  return [
    step('observe-edge', 'prepare', 'Observe the edge', { color }),
    step<MaintenanceParams>('raise-maintenance', 'prepare', 'Show the maintenance page', { candidate: color }),
    step<WritersParams>('stop-writers', 'prepare', `Stop whoever writes into ${list(names)}`, { services: names }),
    step<CountLostParams>('count-lost', 'prepare', `Count what is lost: ${most} transactions may be`, {
      services: counted,
      maxLost: ask.maxLost,
    }),
  ]
}

function provedEnd({ record }: PlanFacts, target: RestoreTarget, service: DataServiceName): string | null {
  if (target.kind === 'undo') return null
  const recovery = target.recoveries.find((one) => one.service === service)
  if (recovery !== undefined) return recovery.point.lsn
  const found = record.snapshots.find((one) => one.service === service && one.snapshot === target.snapshot)
  return found?.recoveredTo ?? null
}

/** B: what is live now is snapshotted too: a way back from the way back. */
function keepSteps(facts: PlanFacts, services: Services): readonly PlannedStep[] {
  const { operation, settings } = facts
  return snapshotSteps(facts, restored(facts, services), {
    mark: `${operation}-before`,
    name: safetySnapshot(operation),
    keepMs: settings.snapshots.keepReplacedMs,
    allowStop: true,
    before: `restore ${operation}`,
  })
}

/** Free: no other operation has this id. */
function safetySnapshot(operation: OperationId): SnapshotName {
  return `pre-restore-${operation}` as SnapshotName
}

/** C and D: a copy beside what is live, proved before it takes its place. */
function copySteps(
  services: Services,
  recovering: ReturnType<typeof recoverParams>,
  { target, exportFolder }: RestoreAsk,
): readonly PlannedStep[] {
  const exporting =
    exportFolder === null
      ? []
      : [
          step<ExportParams>('export-lost', 'check', 'Write down the rows that would be lost', {
            services,
            folder: exportFolder,
          }),
        ]
  if (target.kind === 'undo') return exporting
  return [
    step<ReplaceParams>('copy-data', 'launch', `Make a copy of ${copied(target)} beside what is live`, { services }),
    ...placeSteps(recovering),
    step<ReplaceParams>('verify-copy', 'check', 'Start the copy without a network and prove it whole', { services }),
    ...exporting,
  ]
}

/** E: the release is asked behind the maintenance page; then users are let in, and from there it only goes forward. F: it is asked as the public asks. */
function openSteps(
  facts: PlanFacts,
  serve: { readonly color: Color; readonly sha: Sha },
  moves: boolean,
  release: ReleaseFacts,
  services: Services,
): readonly PlannedStep[] {
  const names = services.map(({ service }) => service)
  const open: OpenParams = { ...serve, moves }
  const probe: ReleaseParams = { ...serve, questions: publicQuestions(release.manifest), limitMs: EDGE_LIMIT_MS }
  return [
    step<MarkDataParams>('mark-restored', 'switch', 'Note where the restored data stands', {
      services: names,
      mark: `${facts.operation}-after`,
    }),
    step<WritersParams>('allow-writers', 'switch', 'Let writers in', { services: names }),
    step<ReleaseParams>('preview-restored', 'switch', `Ask ${short(serve.sha)} behind the maintenance page`, {
      ...probe,
      limitMs: RESTORED_LIMIT_MS,
    }),
    step<OpenParams>('lower-maintenance', 'switch', `Let users in, to ${serve.color}`, open, true),
    ...(moves ? [step('record-active', 'switch', `Write ${serve.color} into active-color`, serve)] : []),
    step<ReleaseParams>(
      'probe-public',
      'verify',
      `Ask every component for ${short(serve.sha)} through the public address`,
      probe,
    ),
  ]
}

function copied(target: Extract<RestoreTarget, { kind: 'snapshot' }>): string {
  return isRecovered(target) ? 'what lies there now' : `${target.snapshot.slice(0, 24)}…`
}

function what(target: RestoreTarget): string {
  return target.kind === 'undo' ? 'what was live before the restore' : 'the copy'
}

function because(facts: PlanFacts, ask: RestoreAsk, moves: boolean): readonly string[] {
  return [...becauseOfRelease(facts, ask, moves), ...recoveriesOf(ask.target).map(becauseOfRecovery)]
}

function becauseOfRelease(
  { record }: PlanFacts,
  { target, live, standby }: RestoreAsk,
  moves: boolean,
): readonly string[] {
  if (target.kind === 'undo') return [`the restore ${target.operation} is taken back`]
  const then = target.taken[0]?.live ?? null
  if (then === null || then === live.sha) return [`${short(live.sha)} was live when the snapshot was taken, and is`]
  if (moves && standby !== null)
    return [`${short(standby.sha)} was live when the snapshot was taken, and stands by: it gets the traffic`]
  const held = record.colors[otherColor(record.live?.color ?? 'blue')].sha
  return [
    `${short(then)} was live when the snapshot was taken, and is not now (standby: ${held === null ? 'nothing' : short(held)})`,
    `${short(live.sha)} must work with the older schema: it is asked before users are let in, and everything is undone when it does not answer`,
  ]
}
