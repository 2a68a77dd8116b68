import type { Color } from './color.ts'
import type { AppName, ComponentName, EnvironmentName } from './ids.ts'
import type { HealthCheck, Route } from './release.ts'

/** One instance as the edge reaches it. */
export interface ServerAddress {
  /** `<app>-<env>-<component>-<color>` and `-<n>` from the second instance on. */
  readonly name: string
  readonly host: string
  readonly port: number
}

export interface ComponentTopology {
  readonly name: ComponentName
  readonly routes: readonly Route[]
  readonly health: HealthCheck
  readonly servers: readonly ServerAddress[]
}

/** The components of the release that a color holds: an older release may have other ones. */
export type ColorTopology = readonly ComponentTopology[]

/** All that the edge's configuration is rendered from. A deploy that leaves it as it is needs no reload. */
export interface Topology {
  readonly app: AppName
  readonly environment: EnvironmentName
  readonly colors: Readonly<Record<Color, ColorTopology>>
}
