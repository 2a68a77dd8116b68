import type { ArtifactCache } from '../ports/artifact-cache.ts'
import type { Clock } from '../ports/clock.ts'
import type { Anchor, Edge } from '../ports/edge.ts'
import type { Probe } from '../ports/probe.ts'
import type { Registry } from '../ports/registry.ts'
import type { Runtime } from '../ports/runtime.ts'

/** What the steps of an application's operations may use. */
export interface StepPorts {
  readonly edge: Edge
  readonly runtime: Runtime
  readonly registry: Registry
  readonly cache: ArtifactCache
  readonly probe: Probe
  readonly clock: Clock
  /** Where the journal's chain stands now: stored at the edge with every flip. */
  readonly anchor: () => Promise<Anchor>
}
