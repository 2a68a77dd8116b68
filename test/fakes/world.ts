import type { Color } from '../../src/domain/color.ts'
import type { ReleaseUsage } from '../../src/domain/compatibility/usage.ts'
import { type EdgeState, NO_TRAFFIC } from '../../src/domain/edge-state.ts'
import type { DataServiceName, OperationId, Sha } from '../../src/domain/ids.ts'
import type { Topology } from '../../src/domain/topology.ts'
import type { Anchor } from '../../src/ports/edge.ts'
import type { Instance } from '../../src/ports/runtime.ts'
import type { Shortcoming } from '../../src/ports/shortcoming.ts'
import { VirtualClock } from './clock.ts'
import type { FakeStore } from './data-store.ts'
import { type Gate, OPEN_GATE, type Operator } from './operator.ts'
import type { FakeRelease } from './releases.ts'

export interface EdgeWorld {
  running: boolean
  worker: number
  /** What the worker serves. */
  memory: EdgeState
  names: Record<Color, Sha | null>
  loaded: Topology | null
  /** What the next worker will serve. */
  file: { readonly state: EdgeState; readonly anchor: Anchor } | null
  fileNames: Record<Color, Sha | null>
  config: Topology | null
  /** The newest generation taken: older ones cannot write files. */
  fence: number
  activeColor: string | null
  /** Requests that somebody really made, per color. */
  readonly asked: Record<Color, number>
  /** Newest first: `color SHA operation`. */
  history: readonly string[]
}

export interface FakeInstance extends Instance {
  readonly release: FakeRelease
  /** Ended by itself, not by an order. */
  readonly died: boolean
}

export interface RuntimeWorld {
  /** The greatest generation that was here. */
  fence: number
  readonly instances: Map<string, FakeInstance>
  /** `color/operation/component` of each whole folder. */
  readonly folders: Map<string, { readonly color: Color; readonly sha: Sha; readonly operation: OperationId }>
  /** `operation/name` → how the one-off instance ended, and how often it was run. */
  readonly oneOffs: Map<
    string,
    { readonly state: 'finished' | 'unknown'; readonly exitCode: number | null; runs: number }
  >
}

export interface Change {
  readonly operator: Operator | null
  readonly what: string
  /** The color whose instances or files it changes. */
  readonly touches?: Color
  /** A write that a fence should stop, when late. */
  readonly fenced: boolean
}

/** One coherent in-memory world: an edge, instances, releases, time. The ports are views of it, one set for each operator. */
export class World {
  readonly clock = new VirtualClock()
  readonly releases = new Map<Sha, FakeRelease>()
  readonly cached = new Set<Sha>()
  /** Releases that the registry has lost. */
  readonly lost = new Set<Sha>()
  readonly operators: Operator[] = []
  /** Requests a second that the public makes: what the edge counts. */
  requestsPerSecond = 0
  gate: Gate = OPEN_GATE
  /** Told of every atomic change, right after it. */
  onChange: (change: Change) => void = () => undefined
  /** A fault of the edge: it runs and does not answer. */
  edgeHangs: () => boolean = () => false
  /** A fault of the runtime: its daemon is dead, and instances go on. */
  runtimeIsSilent: () => boolean = () => false
  /** Who holds which lock on this host. */
  readonly locks = new Map<string, Operator>()
  /** What was kept on this host by its digest. */
  readonly texts = new Map<string, string>()
  readonly usage = new Map<Sha, ReleaseUsage>()
  /** Whether there are hooks between phases: without them the engine joins durable writes across phases. */
  hasHooks = false
  /** A fault of the operator's hooks. */
  hookFails: (hook: string, operator: Operator) => boolean = () => false

  readonly edge: EdgeWorld = {
    running: true,
    worker: 1,
    memory: NO_TRAFFIC,
    names: { blue: null, green: null },
    loaded: null,
    file: null,
    fileNames: { blue: null, green: null },
    config: null,
    fence: 0,
    activeColor: null,
    asked: { blue: 0, green: 0 },
    history: [],
  }
  readonly runtime: RuntimeWorld = { fence: 0, instances: new Map(), folders: new Map(), oneOffs: new Map() }
  readonly data = new Map<DataServiceName, FakeStore>()
  /** What edge and runtime say of themselves. */
  readonly shortcomings: { edge: readonly Shortcoming[]; runtime: readonly Shortcoming[] } = { edge: [], runtime: [] }

  /** One atomic change with a point before and after it. `apply` may refuse by throwing: then nothing was changed. */
  async change(
    operator: Operator,
    what: string,
    apply: () => void,
    facts: { readonly touches?: Color; readonly fenced?: boolean } = {},
  ): Promise<void> {
    const before = this.gate.pass(operator, { at: 'change', side: 'before', what })
    if (before !== undefined) await before
    apply()
    this.onChange({
      operator,
      what,
      fenced: facts.fenced ?? true,
      ...(facts.touches ? { touches: facts.touches } : {}),
    })
    const after = this.gate.pass(operator, { at: 'change', side: 'after', what })
    if (after !== undefined) await after
  }

  /** A call of a port: a point, then its work; both may be made to fail. */
  async call<T>(operator: Operator, name: string, work: () => T | Promise<T>): Promise<T> {
    const stop = this.gate.pass(operator, { at: 'call', side: 'before', what: name })
    if (stop !== undefined) await stop
    this.gate.fault(operator, name, 'before')
    const result = await work()
    this.gate.fault(operator, name, 'after')
    return result
  }

  instancesOf(color: Color): readonly FakeInstance[] {
    return [...this.runtime.instances.values()].filter((one) => one.color === color)
  }

  /** The edge's process is started again, by a person or by the machine: memory comes from the files. */
  restartEdge(): void {
    const { edge } = this
    edge.worker += 1
    edge.running = true
    edge.memory = edge.file?.state ?? NO_TRAFFIC
    edge.names = { ...edge.fileNames }
    edge.loaded = edge.config
    this.onChange({ operator: null, what: 'the edge restarts', fenced: false })
  }

  /** An instance ends by itself. */
  killInstance(name: string): void {
    const found = this.runtime.instances.get(name)
    if (found === undefined) return
    this.runtime.instances.set(name, { ...found, state: 'stopped', died: true, exit: 'SIGSEGV' })
    this.onChange({ operator: null, what: `${name} dies`, fenced: false })
  }
}
