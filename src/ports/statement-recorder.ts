/** What a client asked, as it went by. */
export interface HeardQuery {
  readonly text: string
  /** As the client named them, 0 for unknown; empty when it named none. */
  readonly parameterTypes: readonly number[]
  /** Parameters of this call as text; null when nobody can read them here. */
  readonly values: readonly (string | null)[] | null
}

export interface RecorderAsk {
  readonly listen: { readonly host: string; readonly port: number }
  readonly to: { readonly host: string; readonly port: number } | { readonly socket: string }
  readonly onQuery: (query: HeardQuery) => void
}

export interface Recording {
  /** Where it listens; the port when 0 was asked for. */
  readonly port: number
  /** Connections so far, and those whose words it could not follow: they were passed on all the same. */
  readonly counts: () => { readonly connections: number; readonly lost: number }
  /** Ends its connections. */
  readonly close: () => Promise<void>
}

/** Stands between an app and its PostgreSQL, passes every byte on, and listens. Error `recorder-failed` (kind `failed`) when it cannot listen. */
export interface StatementRecorder {
  start(ask: RecorderAsk): Promise<Recording>
}
