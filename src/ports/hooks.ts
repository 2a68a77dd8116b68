import type { Json } from '../domain/json.ts'

/** The operator's executables around phases: `pre-<phase>`, `post-<phase>`, `on-failure`. Absent ones are skipped. */
export interface Hooks {
  /** Nothing can run between two phases: then the end of one and the beginning of the next are one durable write. */
  readonly isEmpty: boolean
  /** Error `hook-failed` (kind `failed`) with the last lines it printed. */
  run(name: string, context: { readonly [key: string]: Json }): Promise<void>
}
