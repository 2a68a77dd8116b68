import { type Ended, mustRun, type RunAsk, run } from './run.ts'

/** An image is half a gigabyte. */
const LIMIT_MS = 5 * 60_000

/** The `incus` command, for one project of one daemon. */
export interface Incus {
  readonly project: string
  /** However it ends. */
  ask(args: readonly string[]): Promise<Ended>
  /** What it wrote; throws unless it ends with 0. */
  must(args: readonly string[], input?: string): Promise<string>
  /** Whether it ends with 0. */
  knows(args: readonly string[]): Promise<boolean>
}

export function incusCommand({ socket, project }: { readonly socket: string; readonly project: string }): Incus {
  const options: RunAsk = { env: { ...process.env, INCUS_SOCKET: socket }, limitMs: LIMIT_MS }
  // In front: behind `--` it would belong to the command in the container.
  const argv = (args: readonly string[]) => ['incus', '--project', project, ...args]
  return {
    project,
    ask: (args) => run(argv(args), options),
    must: (args, input = '') => mustRun(argv(args), { ...options, input }),
    knows: async (args) => (await run(argv(args), options)).code === 0,
  }
}
