import { realpathSync, statfsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ProcessRuntimeConfig } from '../../config/types.ts'
import type { Color } from '../../domain/color.ts'
import type { AppName, EnvironmentName } from '../../domain/ids.ts'
import { diskFull } from '../../lib/disk-full.ts'
import { ensurePrivateFolder, isPrivateFolder } from '../../lib/safe-folder.ts'
import type { ProcessEnvironment } from '../../lib/secrets.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Runtime } from '../../ports/runtime.ts'
import { addressesOf } from './addresses.ts'
import type { ProcessContext, Unpack } from './context.ts'
import { layoutOf } from './layout.ts'
import { listInstances } from './list.ts'
import { logShortcomings, trimLogs } from './trim-logs.ts'

/** Costs nothing where the port answers earlier; a busy machine needs 300 ms and more to get a wrong Node program to its first error. */
const GRACE_MS = 1_000

const more = () => import('./changes.ts')

export interface ProcessRuntimeOptions {
  readonly config: ProcessRuntimeConfig
  readonly app: AppName
  readonly environment: EnvironmentName
  /** Everything of this environment lies below it; made with mode 0700 when it is not there. */
  readonly stateFolder: string
  readonly clock: Clock
  /** Unpacks one verified artifact into a folder that does not exist yet; complete or an error. */
  readonly unpack: Unpack
  /** File of the one-off runner. Default: beside this one; a bundle passes its own. */
  readonly oneOffEntry?: string
  /** Where `{env: NAME}` secrets are read. Default: the environment of this process. */
  readonly processEnvironment?: ProcessEnvironment
  /** How long a start is watched for a process that ends at once; it is over earlier when the port answers. Default 1,000. */
  readonly graceMs?: number
}

/** Instances are plain processes of this host that outlive us. How, and what it cannot do, is in `README.md`. */
export function processRuntime(options: ProcessRuntimeOptions): Runtime {
  const context = contextOf(options)
  const { layout } = context
  const queue = new Map<Color, Promise<unknown>>()

  /** One change of a color at a time: an attempt that ran into its time limit may still be at work when the next one comes. */
  const change = <T>(color: Color, work: () => Promise<T>): Promise<T> => {
    const turn = (queue.get(color) ?? Promise.resolve()).then(work)
    queue.set(color, turn.then(nothing, nothing))
    return telling(turn)
  }
  const look = async <T>(work: () => T | Promise<T>, none: T): Promise<T> =>
    isPrivateFolder(layout.root) ? work() : none

  /** Whoever holds the environment comes by here, and a log can be cut by nobody else. */
  const fence = async (generation: number): Promise<void> => {
    await context.enter(generation)
    trimLogs(context)
  }

  return {
    fence: (generation) => telling(fence(generation)),
    list: () => look(() => listInstances(context), []),
    addresses: (color, manifest) => addressesOf(context, color, manifest),
    // Names, folders and ports are this environment's own, and addresses are judged when the plan is made.
    checkLaunch: async () => undefined,
    unpack: (ask) => change(ask.color, async () => (await more()).unpackRelease(context, ask)),
    start: (ask) => change(ask.color, async () => (await more()).startColor(context, ask)),
    stop: (ask) => change(ask.color, async () => (await more()).stopColor(context, ask)),
    remove: (ask) => change(ask.color, async () => (await more()).removeColor(context, ask)),
    revive: (ask) => change(ask.color, async () => (await more()).reviveColor(context, ask)),
    runOnce: (ask) => telling(more().then(({ runOnce }) => runOnce(context, ask))),
    oneOff: (ask) =>
      look(async () => (await more()).lookAtOneOff(context, ask), { state: 'absent', exitCode: null, lastLines: [] }),
    lastLines: (ask) => look(async () => (await more()).lastLines(context, ask), []),
    follow: async function* (ask) {
      yield* (await more()).followLines(context, ask)
    },
    freeBytes: () => freeBytes(layout.root),
    shortcomings: () => look(() => logShortcomings(context), []),
  }
}

function contextOf(options: ProcessRuntimeOptions): ProcessContext {
  const { config, app, environment, clock, unpack } = options
  const layout = layoutOf(resolve(options.stateFolder))
  return {
    app,
    environment,
    ports: config.ports,
    layout,
    clock,
    unpack,
    ours: options.processEnvironment ?? process.env,
    oneOffEntry: options.oneOffEntry ?? fileURLToPath(new URL('./one-off.ts', import.meta.url)),
    graceMs: options.graceMs ?? GRACE_MS,
    state: () => realpathSync(layout.root),
    enter: async (generation) => {
      for (const folder of [layout.root, layout.instances, layout.logs, layout.oneOffs, layout.generations])
        ensurePrivateFolder(folder)
      const { enterFence } = await import('./fence.ts')
      return enterFence(layout.generations, generation)
    },
  }
}

/** A full disk is told in our words wherever it is met. */
async function telling<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw diskFull(error) ?? error
  }
}

function nothing(): void {
  return
}

async function freeBytes(folder: string): Promise<number> {
  try {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(folder) === folder) throw error
    return freeBytes(dirname(folder))
  }
}
