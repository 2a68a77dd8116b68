import type { Color } from '../color.ts'
import type { ComponentName, Sha } from '../ids.ts'
import type { EnvironmentValue, HealthCheck } from '../release.ts'
import type { Topology } from '../topology.ts'

/** The parameters of each step, as a plan carries them. Types, so that they are JSON (an interface has no index signature). */

export type FetchParams = {
  readonly sha: Sha
  /** Digest of the manifest at its first deploy here, or null at the first. */
  readonly pinned: string | null
}

export type WayBackParams = { readonly shas: readonly Sha[] }

export type MigrateParams = { readonly sha: Sha }

export type ColorParams = { readonly color: Color }

export type ShapeParams = { readonly topology: Topology }

export type Environments = { readonly [component: string]: { readonly [name: string]: EnvironmentValue } }

export type LaunchParams = {
  readonly color: Color
  readonly sha: Sha
  /** Per component, merged and recorded: a rollback starts the release with its own. */
  readonly environment: Environments
  readonly fingerprints: { readonly [name: string]: string }
}

export type CheckParams = {
  readonly color: Color
  readonly sha: Sha
  readonly consecutive: number
  readonly intervalMs: number
  readonly limitMs: number
  readonly instances: readonly {
    readonly name: string
    readonly component: ComponentName
    readonly url: string
    readonly health: HealthCheck
  }[]
}

/** A question to a component through the edge. */
export type PublicQuestion = {
  readonly component: ComponentName
  readonly host: string | null
  readonly health: HealthCheck
}

export type ReleaseParams = {
  readonly color: Color
  readonly sha: Sha
  readonly questions: readonly PublicQuestion[]
  readonly limitMs: number
}

export type FlipParams = { readonly color: Color; readonly sha: Sha }

export type BakeParams = {
  readonly color: Color
  readonly sha: Sha
  readonly bakeMs: number
  readonly intervalMs: number
  readonly minRequests: number
  readonly maxErrorRate: number
  readonly questions: readonly PublicQuestion[]
}

export type DrainParams = { readonly color: Color; readonly policy: 'leave' | 'close'; readonly afterMs: number }
