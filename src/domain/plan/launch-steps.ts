import type { Color } from '../color.ts'
import { otherColor } from '../color.ts'
import type { JudgedMigrations } from '../compatibility/judged.ts'
import { usageError } from '../errors.ts'
import { ledgerOf, pinnedReleases } from '../history/good.ts'
import { short } from '../ids.ts'
import type { Manifest } from '../release.ts'
import { routeRequest } from '../routing.ts'
import type { ColorTopology, Topology } from '../topology.ts'
import type { PlanFacts, ReleaseFacts } from './facts.ts'
import type {
  BakeParams,
  CheckParams,
  DrainParams,
  Environments,
  FetchParams,
  FlipParams,
  JudgeParams,
  LaunchParams,
  MigrateParams,
  PublicQuestion,
  ReleaseParams,
  WayBackParams,
} from './params.ts'
import type { PlannedStep } from './plan.ts'
import { step } from './step.ts'

/** The steps that deploys and rollbacks are made of, one function a phase. What each does is in `steps/<phase>/`. */

/** How long D waits for the edge to see what is healthy in place, and E and F for an answer from the new color. */
export const EDGE_LIMIT_MS = 15_000

export function prepareSteps(facts: PlanFacts, target: ReleaseFacts): readonly PlannedStep[] {
  const pinned = ledgerOf(facts.record, target.sha)?.manifestSha256 ?? null
  const live = facts.record.live?.sha
  const others = pinnedReleases(facts.record).filter((sha) => sha !== target.sha && sha !== live)
  const shas = [...(live === undefined ? [] : [live]), ...others.slice(0, 1)]
  return [
    step<FetchParams>('fetch-artifacts', 'prepare', `Fetch and verify ${short(target.sha)}`, {
      sha: target.sha,
      pinned,
    }),
    step<WayBackParams>('verify-way-back', 'prepare', 'Verify the releases of the way back', { shas }),
    step<{ sha: string }>('check-room', 'prepare', 'Check the room on disk', { sha: target.sha }),
  ]
}

/** None for a release that says nothing of its migrations: there is nothing to judge. */
export function judgeSteps(judged: JudgedMigrations | null): readonly PlannedStep[] {
  if (judged === null) return []
  const { sha, digest } = judged
  return [step<JudgeParams>('judge-migrations', 'prepare', 'Judge the migrations again', { sha, digest })]
}

export function migrateSteps(facts: PlanFacts, target: ReleaseFacts): readonly PlannedStep[] {
  const { migrate } = target.manifest
  if (migrate === null) return []
  const environment = environmentsOf(facts, target)[migrate.component] ?? {}
  const params: MigrateParams = { sha: target.sha, lockTimeoutMs: facts.lockTimeoutMs, environment }
  return [step('run-migration', 'migrate', `Migrate with ${short(target.sha)}`, params)]
}

export function launchSteps(
  facts: PlanFacts,
  color: Color,
  target: ReleaseFacts,
  topology: Topology,
): readonly PlannedStep[] {
  const launch: LaunchParams = {
    color,
    sha: target.sha,
    environment: environmentsOf(facts, target),
    fingerprints: ledgerOf(facts.record, target.sha)?.fingerprints ?? {},
  }
  return [
    step('empty-color', 'launch', `Empty ${color}`, { color }),
    step('shape-edge', 'launch', `Give the edge the routes of ${short(target.sha)} for ${color}`, {
      topology,
    }),
    step('unpack-release', 'launch', `Unpack ${short(target.sha)} into ${color}`, launch),
    step('start-instances', 'launch', `Start ${color}`, launch),
    step<FlipParams>('name-release', 'launch', `Tell the edge that ${color} is ${short(target.sha)}`, {
      color,
      sha: target.sha,
    }),
  ]
}

/** A release that was launched here before gets the environment it had then; a new one gets today's. */
function environmentsOf(facts: PlanFacts, target: ReleaseFacts): Environments {
  const recorded = ledgerOf(facts.record, target.sha)
  if (recorded !== null) return recorded.environment
  return Object.fromEntries(
    target.manifest.components.map(({ name, environment }) => [
      name,
      { ...facts.settings.environment, ...environment },
    ]),
  )
}

export function checkSteps(
  facts: PlanFacts,
  color: Color,
  target: ReleaseFacts,
  consecutive: number,
): readonly PlannedStep[] {
  const { intervalMs, limitMs } = facts.settings.check
  const instances = facts
    .addresses(color, target.manifest)
    .flatMap(({ name: component, health, servers }) =>
      servers.map(({ name, host, port }) => ({ name, component, url: `http://${host}:${port}`, health })),
    )
  const check: CheckParams = { color, sha: target.sha, consecutive, intervalMs, limitMs, instances }
  const preview: ReleaseParams = {
    color,
    sha: target.sha,
    questions: publicQuestions(target.manifest),
    limitMs: Math.min(limitMs, EDGE_LIMIT_MS),
  }
  return [
    step('check-instances', 'check', `Check ${color} in place, ${consecutive} good answers in a row`, check),
    step('preview-release', 'check', `Preview ${color} through the edge`, preview),
  ]
}

export function switchSteps(color: Color, target: ReleaseFacts, pivot: boolean): readonly PlannedStep[] {
  const flip: FlipParams = { color, sha: target.sha }
  return [
    step('observe-edge', 'switch', 'Observe the edge', { color }),
    step('flip-edge', 'switch', `Send traffic to ${color}`, flip, pivot ? true : undefined),
    step('record-active', 'switch', `Write ${color} into active-color`, flip),
  ]
}

export function verifySteps(
  facts: PlanFacts,
  color: Color,
  target: ReleaseFacts,
  bake: boolean,
): readonly PlannedStep[] {
  const { verify, drain } = facts.settings
  const questions = publicQuestions(target.manifest)
  const probe: ReleaseParams = { color, sha: target.sha, questions, limitMs: EDGE_LIMIT_MS }
  const baking: BakeParams = { color, sha: target.sha, ...verify, questions }
  const draining: DrainParams = { color: otherColor(color), ...drain }
  return [
    step('probe-public', 'verify', `Ask every component for ${short(target.sha)} through the public address`, probe),
    ...(bake && verify.bakeMs > 0
      ? [step('bake-release', 'verify', `Watch the edge's counters of ${color}`, baking)]
      : []),
    ...(facts.record.live === null
      ? []
      : [step('drain-old', 'verify', `See what still hangs on ${otherColor(color)}`, draining)]),
  ]
}

/** Every component that the public reaches, with a path that leads to it. Error `unprobeable` when its health path does not. */
export function publicQuestions(manifest: Manifest): readonly PublicQuestion[] {
  return manifest.components.flatMap((component): PublicQuestion[] => {
    const [route] = component.routes
    if (route === undefined) return []
    const host = component.routes
      .map((one) => one.host)
      .find((one) => routeRequest(manifest.components, component.health.path, one)?.component === component.name)
    const reached = routeRequest(manifest.components, component.health.path, host)
    if (reached?.component !== component.name) {
      throw usageError(
        `the health path ${component.health.path} of ${component.name} is not among its own routes, so nobody can ask it from outside`,
        {
          code: 'unprobeable',
          hint: 'put the health path below a route of the component',
        },
      )
    }
    return [{ component: component.name, host: reached.route.host ?? null, health: component.health }]
  })
}

/**
 * What the edge is rendered from when `color` holds the target and the live color stays as it is. Before there is a live one the other color is
 * rendered like the target: the next deploy of the same topology then needs no reload, and a reload is what loses requests.
 */
export function topologyWith(
  facts: PlanFacts,
  color: Color,
  target: ReleaseFacts,
  live: ReleaseFacts | null,
): Topology {
  const other: ColorTopology = facts.addresses(otherColor(color), (live ?? target).manifest)
  const own = facts.addresses(color, target.manifest)
  const colors = color === 'blue' ? { blue: own, green: other } : { blue: other, green: own }
  return { app: facts.app, environment: facts.environment, colors }
}
