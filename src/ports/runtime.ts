import type { Color } from '../domain/color.ts'
import type { ComponentName, OperationId, Sha } from '../domain/ids.ts'
import type { EnvironmentValue, Manifest } from '../domain/release.ts'
import type { ColorTopology, ServerAddress } from '../domain/topology.ts'
import type { Shortcoming } from './shortcoming.ts'

export interface Instance {
  /** `<app>-<env>-<component>-<color>`, and `-<n>` from the second instance on. */
  readonly name: string
  readonly component: ComponentName
  readonly color: Color
  readonly state: 'running' | 'stopped'
  /** The labels it was made with. */
  readonly sha: Sha
  readonly operation: OperationId
  readonly address: ServerAddress
  /** ISO 8601, UTC: since when it is in this state; null when that cannot be told. */
  readonly since: string | null
  /** When it began to run, on the scale of `Clock.monotonicMs`, which nobody sets; null when it does not, or when that cannot be told. */
  readonly beganMs: number | null
  /** Exit code or signal, when stopped and known. */
  readonly exit: string | null
}

/** One on a host that does not answer. It may well serve; no more can be said of it. */
export interface UnseenInstance {
  readonly name: string
  readonly component: ComponentName
  readonly color: Color
  readonly state: 'unknown'
}

export type ListedInstance = Instance | UnseenInstance

/** A verified artifact in the local cache. */
export interface CachedArtifact {
  readonly component: ComponentName
  readonly path: string
}

export interface LaunchAsk {
  readonly color: Color
  readonly manifest: Manifest
  readonly artifacts: readonly CachedArtifact[]
  /** The label of everything that is made. */
  readonly operation: OperationId
  /** A smaller generation than one seen before is refused: error `fenced`. */
  readonly fencedBy: number
  /**
   * HMAC-SHA256 fingerprints (keyed by the environment's own key) of each secret as it was when this release was first launched:
   * `COMPONENT.NAME` → hex. `rotated` in the answer lists those that differ now.
   */
  readonly knownFingerprints?: { readonly [name: string]: string }
}

export interface LaunchReport {
  readonly instances: readonly Instance[]
  readonly fingerprints: { readonly [name: string]: string }
  readonly rotated: readonly string[]
}

export interface OneOffOutcome {
  readonly state: 'absent' | 'running' | 'finished' | 'unknown'
  readonly exitCode: number | null
  readonly lastLines: readonly string[]
}

/**
 * Where a release's instances run. The suite is `test/contract/runtime.ts`.
 *
 * It knows nothing of what is live: callers decide which color may be touched, and `steps/` never touch the live one. Everything
 * it makes carries the operation's id; `remove` with `operation` takes away only what carries it.
 */
export interface Runtime {
  /** Makes all smaller generations worthless: what carries one is refused with `fenced`, also when it was stopped half way. Repeatable. */
  fence(generation: number): Promise<void>

  /** Looks; changes nothing. Bounded: 2 s. */
  list(): Promise<readonly ListedInstance[]>

  /** The addresses a release's components will have on a color: pure, the same for the same input. */
  addresses(color: Color, manifest: Manifest): ColorTopology

  /**
   * Whether a launch of this release can begin at all: what instances are made of is there and no name is somebody else's. Asked before anything is
   * changed; changes nothing.
   */
  checkLaunch(manifest: Manifest): Promise<void>

  /**
   * Unpacks every artifact into a fresh folder of the color and of this operation; complete or absent. Repeatable.
   * Error `bad-archive` (kind `failed`) names the entry.
   */
  unpack(ask: LaunchAsk): Promise<void>
  /**
   * Starts every instance, components in parallel; one that runs already for this operation is left alone. Repeatable.
   * It does not wait for health. Error `start-failed` with the last lines of the instance's log.
   */
  start(ask: LaunchAsk): Promise<LaunchReport>
  /**
   * Ends the color's instances: TERM, wait, KILL; files and logs stay. With `operation`, only those that carry it. Repeatable.
   */
  stop(ask: { readonly color: Color; readonly operation?: OperationId; readonly fencedBy: number }): Promise<void>
  /** Ends them and deletes their folders. The logs of the newest operation stay, for forensics. Repeatable. */
  remove(ask: { readonly color: Color; readonly operation?: OperationId; readonly fencedBy: number }): Promise<void>

  /** Starts the stopped instances of a color again as they were recorded (after a reboot). */
  revive(ask: { readonly color: Color; readonly fencedBy: number }): Promise<readonly Instance[]>

  /**
   * Runs one command of a release in an instance of its own, to its end, named by operation and `name`. It outlives its caller; when
   * it already ran under that name its outcome is returned and nothing is started. The outcome `unknown` (it died without leaving
   * one) is never repeated here.
   */
  runOnce(ask: {
    readonly name: string
    readonly operation: OperationId
    readonly manifest: Manifest
    readonly artifact: CachedArtifact
    readonly command: readonly string[]
    readonly environment: { readonly [name: string]: EnvironmentValue }
    readonly timeoutMs: number
    readonly fencedBy: number
  }): Promise<OneOffOutcome>
  oneOff(ask: { readonly name: string; readonly operation: OperationId }): Promise<OneOffOutcome>

  /** The newest lines of an instance's log, oldest first, secrets redacted. At most 10,000. */
  lastLines(ask: {
    readonly color: Color
    readonly component: ComponentName
    readonly lines: number
  }): Promise<readonly string[]>
  /** Lines as they come, until the signal. */
  follow(ask: {
    readonly color: Color
    readonly component: ComponentName
    readonly signal: AbortSignal
  }): AsyncIterable<string>

  /** Free bytes where releases are unpacked. */
  freeBytes(): Promise<number>

  /** What its instances will run into: a log that has grown too long, a project that is not there. Changes nothing. Bounded: 2 s. */
  shortcomings(): Promise<readonly Shortcoming[]>
}
