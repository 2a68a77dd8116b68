import type { Color } from '../../domain/color.ts'
import type { OperationId } from '../../domain/ids.ts'
import { allOf } from '../../lib/all-of.ts'
import { type Fingerprints, fingerprint, fingerprintKey, rotatedSince } from '../../lib/fingerprints.ts'
import { type ResolvedEnvironment, resolveEnvironment } from '../../lib/instance-environment.ts'
import { bootId } from '../../lib/proc.ts'
import { secretResolver } from '../../lib/secrets.ts'
import type { Instance, LaunchAsk, LaunchReport } from '../../ports/runtime.ts'
import type { ProcessContext } from './context.ts'
import { endRun } from './end-run.ts'
import type { Entered } from './fence.ts'
import { writeFenced } from './fenced-file.ts'
import { type InstanceSpec, launch, markOf, specsOf } from './launch.ts'
import { instanceOf } from './list.ts'
import type { InstanceRecord } from './records.ts'
import { colorInUse, isRunning, type Run, surveyColor } from './survey.ts'

/** Starts what does not run yet of a release on a color. Nothing is started when a secret is missing or another release runs there. */
export async function startColor(context: ProcessContext, ask: LaunchAsk): Promise<LaunchReport> {
  const entered = await context.enter(ask.fencedBy)
  const specs = specsOf(context, ask)
  const runs = surveyColor(context, ask.color)
  refuseOthers(runs, ask.color, ask.operation)
  const ready = await withEnvironments(context, specs)
  const fingerprints = await fingerprintsOf(context, entered, ready)
  const records = await allOf(ready.map(({ spec, resolved }) => ensureStarted(context, entered, spec, resolved, runs)))
  return {
    instances: records.map((record) => instanceOf(record)),
    fingerprints,
    rotated: rotatedSince(ask.knownFingerprints ?? {}, fingerprints),
  }
}

/** Starts the stopped instances of a color as they were recorded, each with its own label. */
export async function reviveColor(
  context: ProcessContext,
  { color, fencedBy }: { readonly color: Color; readonly fencedBy: number },
): Promise<readonly Instance[]> {
  const entered = await context.enter(fencedBy)
  const runs = surveyColor(context, color)
  const recorded = runs.flatMap(({ record }) => (record === null ? [] : [record]))
  const ready = await withEnvironments(
    context,
    recorded.map((record): InstanceSpec => ({ ...record, generation: fencedBy })),
  )
  const records = await allOf(ready.map(({ spec, resolved }) => ensureStarted(context, entered, spec, resolved, runs)))
  return records.map((record) => instanceOf(record))
}

interface Ready {
  readonly spec: InstanceSpec
  readonly resolved: ResolvedEnvironment
}

function withEnvironments(context: ProcessContext, specs: readonly InstanceSpec[]): Promise<readonly Ready[]> {
  const resolve = secretResolver(context.ours)
  return Promise.all(
    specs.map(async (spec) => {
      const { component, environment, host, port } = spec
      const fixed = { ...markOf(context, spec), PORT: String(port), HOST: host }
      return {
        spec,
        resolved: await resolveEnvironment({ component, environment, fixed, ours: context.ours, resolve }),
      }
    }),
  )
}

/** A color holds one release: its folders and ports are the ones of who was there first. Also guards the live color (I2). */
function refuseOthers(runs: readonly Run[], color: Color, operation: OperationId): void {
  const others = runs.filter((run) => run.operation !== operation && run.processes.length > 0)
  if (others.length === 0) return
  throw colorInUse(color, others)
}

async function ensureStarted(
  context: ProcessContext,
  entered: Entered,
  spec: InstanceSpec,
  resolved: ResolvedEnvironment,
  runs: readonly Run[],
): Promise<InstanceRecord> {
  const run = runs.find(({ name, operation }) => name === spec.name && operation === spec.operation)
  if (run?.record && isRunning(run.record)) return run.record
  if (run?.record === null) {
    const adopted = adopt(spec, run)
    if (adopted !== null) {
      await writeFenced(entered, context.layout.record(spec.name), JSON.stringify(adopted))
      return adopted
    }
  }
  // Its main process is gone; what it left behind may hold the port.
  if (run !== undefined) await endRun(context, entered, run, spec.color)
  return launch(context, entered, spec, resolved.variables)
}

/** It was started for this very operation and never written down: the oldest leader of a group among those with its mark. */
function adopt(spec: InstanceSpec, { processes }: Run): InstanceRecord | null {
  const leader = processes.find(
    ({ pid, group, mark }) => pid === group && mark !== null && mark.PORT === String(spec.port),
  )
  if (leader === undefined) return null
  return {
    version: 1,
    ...spec,
    pid: leader.pid,
    processStart: leader.start,
    bootId: bootId(),
    startedAt: null,
    stopped: null,
  }
}

async function fingerprintsOf(
  context: ProcessContext,
  entered: Entered,
  ready: readonly Ready[],
): Promise<Fingerprints> {
  const secrets = ready.flatMap(({ spec, resolved }) =>
    Object.entries(resolved.secrets).map(([name, value]) => [`${spec.component}.${name}`, value] as const),
  )
  if (secrets.length === 0) return {}
  const key = await fingerprintKey(context.layout.fingerprintKey, entered.temporary('key'))
  return Object.fromEntries(secrets.map(([name, value]) => [name, fingerprint(key, name, value)]))
}
