import type { EdgeState } from '../domain/edge-state.ts'
import { BackflipError } from '../domain/errors.ts'
import type { EnvironmentRecord } from '../domain/history/record.ts'
import type { OperationId, Sha } from '../domain/ids.ts'
import type { DataServiceFacts, PlanFacts, ReleaseFacts } from '../domain/plan/facts.ts'
import type { Anchor, EdgeView } from '../ports/edge.ts'
import type { Environment } from './environment.ts'
import { loadRecord } from './record.ts'
import { startEdgeHint } from './start-edge-hint.ts'

/** A release may know a migration that today's configuration has not. */
const DEFAULT_LOCK_TIMEOUT_MS = 5_000

export interface Observed {
  readonly record: EnvironmentRecord
  readonly view: EdgeView
}

/** Looks at the journal and the edge before anything is planned. */
export async function observe(environment: Environment): Promise<Observed> {
  // The edge is asked first: it answers while the journal is read. What ends in between voids the plan that is made of both (`Assumptions`).
  const [view, record] = await Promise.all([environment.edge.read(), loadRecord(environment.journal)])
  return { record, view }
}

/** Facts for a planner; `data` for those that snapshot or restore it (`lookAtData`). Error `edge-down` when the edge does not run. */
export function planFacts(
  environment: Environment,
  { record, view }: Observed,
  reason: string | null,
  data: readonly DataServiceFacts[] = [],
): PlanFacts {
  const { config, settings, runtime } = environment
  return {
    app: config.app,
    environment: settings.name,
    operation: environment.newOperationId(newestOperation(record)),
    record,
    edge: runningState(view, settings),
    settings,
    data,
    lockTimeoutMs: config.migrate?.lockTimeoutMs ?? DEFAULT_LOCK_TIMEOUT_MS,
    addresses: (color, manifest) => runtime.addresses(color, manifest),
    reason,
  }
}

/** Those that touched a color count too: of them logs and folders are left. */
function newestOperation({ last, colors }: EnvironmentRecord): OperationId | null {
  const known = [last?.operation, colors.blue.operation, colors.green.operation].filter((one) => one != null)
  return known.sort().at(-1) ?? null
}

export function runningState(view: EdgeView, settings: Environment['settings']): EdgeState {
  if (view.memory !== null) return view.memory
  throw new BackflipError('the edge does not run, so nothing can be switched', {
    code: 'edge-down',
    kind: 'failed',
    hint: startEdgeHint(settings),
  })
}

/** A release's manifest from this host's cache, else from the registry. Error `no-such-release` when neither has it. */
export async function releaseFacts({ cache, registry }: Environment, sha: Sha): Promise<ReleaseFacts> {
  const cached = await cache.find(sha)
  const { manifest } = cached ?? (await registry.manifest(sha))
  return { sha, manifest }
}

export async function liveRelease(environment: Environment, record: EnvironmentRecord): Promise<ReleaseFacts | null> {
  return record.live === null ? null : releaseFacts(environment, record.live.sha)
}

export async function anchorOf({ journal }: Pick<Environment, 'journal'>): Promise<Anchor> {
  return { journal: await journal.id(), ...(await journal.head()) }
}
