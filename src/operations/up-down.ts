import { COLORS, type Color, isColor } from '../domain/color.ts'
import type { EnvironmentRecord } from '../domain/history/record.ts'
import type { Manifest } from '../domain/release.ts'
import type { Topology } from '../domain/topology.ts'
import type { Instance } from '../ports/runtime.ts'
import type { Environment, RunOptions } from './environment.ts'
import { type Observed, observe, releaseFacts } from './observe.ts'
import { loadRecord } from './record.ts'
import { takeFenceUnder } from './take-fence.ts'
import { withLease } from './with-lease.ts'

export interface UpReport {
  readonly live: string
  readonly instances: readonly Instance[]
}

/** After a reboot: the recorded colors run again, then the edge, with the color that its file names. Decides nothing. */
export function up(environment: Environment, options: RunOptions = {}): Promise<UpReport> {
  return withLease(environment, 'up', options, async ({ lease }) => {
    const { edge, runtime, journal } = environment
    const record = await loadRecord(journal)
    // Instances first: an edge that is up before them would answer 503.
    const generation = await takeFenceUnder(environment, lease)
    const revived = await Promise.all(
      COLORS.filter((color) => record.colors[color].is === 'started').map((color) =>
        runtime.revive({ color, fencedBy: generation }),
      ),
    )
    await edge.start(await recordedTopology(environment, record))
    const { memory } = await edge.read()
    return { live: memory?.live ?? 'none', instances: revived.flat() }
  })
}

/** Stops the edge, then every instance; what is recorded stays, for `up`. */
export function down(environment: Environment, options: RunOptions = {}): Promise<void> {
  return withLease(environment, 'down', options, async ({ lease }) => {
    const { edge, runtime } = environment
    const generation = await takeFenceUnder(environment, lease)
    await edge.stop()
    await Promise.all(COLORS.map((color) => runtime.stop({ color, fencedBy: generation })))
  })
}

/** Before the first release there is nothing to harm: the edge is started, and answers with its stated page. */
export async function startFirstEdge(environment: Environment, observed: Observed): Promise<Observed> {
  const { record, view } = observed
  const nothingServed = record.live === null && !isColor(view.file?.live)
  if (view.memory !== null || !nothingServed) return observed
  await environment.edge.start(await recordedTopology(environment, record))
  return observe(environment)
}

/** What the edge's configuration says by the journal. An empty color is rendered like the other one, as a deploy does. */
export async function recordedTopology(environment: Environment, record: EnvironmentRecord): Promise<Topology> {
  const { config, settings, runtime } = environment
  const held = await Promise.all(COLORS.map((color) => heldManifest(environment, record, color)))
  const known = held.find((manifest) => manifest !== null) ?? null
  const [blue = [], green = []] = COLORS.map((color, index) => {
    const manifest = held[index] ?? known
    return manifest === null ? [] : runtime.addresses(color, manifest)
  })
  return { app: config.app, environment: settings.name, colors: { blue, green } }
}

async function heldManifest(
  environment: Environment,
  { colors }: EnvironmentRecord,
  color: Color,
): Promise<Manifest | null> {
  const { sha, is } = colors[color]
  return sha === null || is === 'empty' ? null : (await releaseFacts(environment, sha)).manifest
}
