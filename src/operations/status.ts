import { COLORS, type Color, isColor, otherColor } from '../domain/color.ts'
import { lastGoodBefore } from '../domain/history/good.ts'
import { stuckAt } from '../domain/history/operation.ts'
import type { EnvironmentRecord } from '../domain/history/record.ts'
import type { Sha } from '../domain/ids.ts'
import { judgeReadiness, type Readiness } from '../domain/readiness.ts'
import type { EdgeView } from '../ports/edge.ts'
import type { ListedInstance } from '../ports/runtime.ts'
import type { Shortcoming } from '../ports/shortcoming.ts'
import { type DataStatus, dataStatus } from './data-status.ts'
import { type Drift, findDrift } from './drift.ts'
import { lastDurations } from './durations.ts'
import type { Environment } from './environment.ts'
import { isUnseen, look, type Unseen } from './look.ts'
import { loadRecord } from './record.ts'
import { type SchemaStatus, schemaStatus } from './schema-status.ts'
import { standbyProblems } from './standby.ts'
import { startEdgeHint } from './start-edge-hint.ts'

export interface ColorStatus {
  readonly color: Color
  readonly role: 'live' | 'standby' | 'empty'
  readonly recorded: EnvironmentRecord['colors']['blue']
  readonly instances: readonly ListedInstance[]
}

export interface StatusReport {
  readonly app: string
  readonly environment: string
  readonly record: EnvironmentRecord
  readonly edge: EdgeView | Unseen
  readonly instances: readonly ListedInstance[] | Unseen
  readonly colors: readonly ColorStatus[]
  readonly data: readonly DataStatus[]
  /** Null where nothing migrated since this is kept track of. */
  readonly schema: SchemaStatus | null
  readonly readiness: Readiness
  /** Of the runtime, which is the one that fills a disk unseen. `doctor` asks everybody. */
  readonly shortcomings: readonly Shortcoming[]
  readonly drift: readonly Drift[]
  /** The undo that failed, with the exact commands for a person. */
  readonly stuck: ReturnType<typeof stuckAt>
  /** Whether the holder of the lease still lives; null when nobody holds it. */
  readonly holder: 'alive' | 'dead' | 'unknown' | null
}

/** The fold of the journal, and a bounded look at the world; where the two differ both are in it. */
export async function status(environment: Environment): Promise<StatusReport> {
  const { journal, edge, runtime, config, settings, liveness } = environment
  const record = await loadRecord(journal)
  const [view, instances, data, needs] = await Promise.all([
    look(environment, edge.read()),
    look(environment, runtime.list()),
    dataStatus(environment, record),
    look(environment, runtime.shortcomings()),
  ])
  const seenInstances = isUnseen(instances) ? [] : instances
  return {
    app: config.app,
    environment: settings.name,
    record,
    edge: view,
    instances,
    colors: COLORS.map((color) => colorStatus(record, color, seenInstances)),
    data,
    readiness: await readiness(environment, record, { view, instances, data }),
    shortcomings: isUnseen(needs) ? [] : needs,
    schema: schemaStatus(record, environment.clock.now().slice(0, 10)),
    drift: findDrift(
      record,
      isUnseen(view) ? null : view,
      isUnseen(instances) ? null : instances,
      startEdgeHint(environment.settings),
    ),
    stuck: record.open === null ? null : stuckAt(record.open),
    holder: record.lease === null ? null : await liveness.check(record.lease.holder),
  }
}

function colorStatus(record: EnvironmentRecord, color: Color, instances: readonly ListedInstance[]): ColorStatus {
  const recorded = record.colors[color]
  const role = record.live?.color === color ? 'live' : recorded.is === 'empty' ? 'empty' : 'standby'
  return { color, role, recorded, instances: instances.filter((one) => one.color === color) }
}

async function readiness(
  environment: Environment,
  record: EnvironmentRecord,
  { view, instances, data }: Pick<StatusReport, 'instances' | 'data'> & { readonly view: EdgeView | Unseen },
): Promise<Readiness> {
  const target = lastGoodBefore(record)
  const { fastMs, fullMs } = await lastDurations(environment.journal)
  return judgeReadiness(record, {
    standbyProblems: isUnseen(view)
      ? null
      : await problems(environment, record, { view, listed: isUnseen(instances) ? null : instances }),
    fullTargetCached: target === null ? null : await isCached(environment, target),
    fastMs,
    fullMs,
    snapshots: data.map(({ service, seen }) => ({ service, names: isUnseen(seen) ? null : seen.snapshots })),
  })
}

async function problems(
  environment: Environment,
  { live, colors }: EnvironmentRecord,
  seen: { readonly view: EdgeView; readonly listed: readonly ListedInstance[] | null },
): Promise<readonly string[]> {
  if (live === null) return []
  const color = otherColor(live.color)
  const { sha } = colors[color]
  const { memory } = seen.view
  if (memory !== null && isColor(memory.live) && memory.live === color)
    return [`the edge sends traffic to ${color} already`]
  return sha === null ? [] : standbyProblems(environment, color, sha, seen)
}

async function isCached({ cache }: Environment, sha: Sha): Promise<boolean> {
  return (await cache.find(sha)) !== null
}
