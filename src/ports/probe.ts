import type { Sha } from '../domain/ids.ts'
import type { HealthCheck } from '../domain/release.ts'

export interface ProbeAnswer {
  /** 200 and the right SHA in the place where the component itself names it. */
  readonly good: boolean
  readonly status: number | null
  /** The SHA the application named, whatever it was; null when it named none. */
  readonly sha: string | null
  /** What was wrong, in words; null when good. */
  readonly problem: string | null
  readonly tookMs: number
}

/** Asks one component one question over HTTP, in place or through the edge. Never throws for what the other side does. */
export interface Probe {
  ask(ask: {
    /** `http://host:port` or `https://…`; the path is the health check's. */
    readonly url: string
    readonly health: HealthCheck
    readonly expect: Sha
    /** Added to the request, for instance the preview token or a Host. */
    readonly headers?: { readonly [name: string]: string }
  }): Promise<ProbeAnswer>
}
