import { cp, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { BackflipError } from '../../src/domain/errors.ts'
import { parseAppName, parseComponentName, parseEnvironmentName, type Sha } from '../../src/domain/ids.ts'
import type { ReleaseComponent } from '../../src/domain/release.ts'
import { type ProcessRuntimeOptions, processRuntime } from '../../src/drivers/process/runtime.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Runtime } from '../../src/ports/runtime.ts'
import type { Answer, ComponentAsk, RuntimeWorld, TestRelease } from '../contract/runtime.ts'
import { PROGRAM } from './program.ts'

export const clock: Clock = {
  now: () => new Date().toISOString(),
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((done, refuse) => {
      const stop = () => refuse(signal?.reason)
      if (signal?.aborted) return stop()
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', stop)
        done()
      }, ms)
      signal?.addEventListener('abort', () => {
        clearTimeout(timer)
        stop()
      })
    }),
}

const APP = parseAppName('shop')

/** Archives are plain folders here: what unpacks them is somebody else's, and tested there. */
export async function unpackFolder(archive: string, folder: string): Promise<void> {
  try {
    await cp(archive, folder, { recursive: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw new BackflipError(`${archive} is no archive`, { code: 'bad-archive', kind: 'failed', cause: error })
  }
}

export interface ProcessWorld extends RuntimeWorld {
  readonly folder: string
  readonly stateFolder: string
  readonly secrets: { [name: string]: string | undefined }
  readonly options: ProcessRuntimeOptions
  readonly open: (more?: Partial<ProcessRuntimeOptions>) => Runtime
  readonly notes: string
}

export async function processWorld(ports = 16): Promise<ProcessWorld> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'backflip-runtime-')))
  const stateFolder = join(folder, 'state')
  const notes = join(folder, 'notes')
  const secrets: { [name: string]: string | undefined } = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    OPERATORS_TOKEN: 'operators-own-token',
  }
  const first = await freePorts(ports)
  const options: ProcessRuntimeOptions = {
    config: { driver: 'process', ports: { first, last: first + ports - 1 } },
    app: APP,
    environment: parseEnvironmentName('test'),
    stateFolder,
    clock,
    unpack: unpackFolder,
    processEnvironment: secrets,
    // Over as soon as the port answers; long, so that a busy machine does not decide what a test sees.
    graceMs: 10_000,
  }
  const open = (more: Partial<ProcessRuntimeOptions> = {}) => processRuntime({ ...options, ...more })
  let made = 0
  return {
    folder,
    stateFolder,
    secrets,
    options,
    open,
    notes,
    ask,
    release: (sha, components) => {
      made += 1
      return makeRelease(join(folder, `archive-${made}`), sha, components)
    },
    damage: async ({ manifest, artifacts }) => ({
      manifest,
      artifacts: artifacts.map(({ component, path }) => ({ component, path: `${path}-lost` })),
    }),
    command: (exitCode, tookMs) => [process.execPath, 'program.mjs', 'once', String(exitCode), String(tookMs), notes],
    commandsRun: async () => (await readFile(notes, 'utf8').catch(() => '')).split('\n').length - 1,
    setSecret: (name, value) => {
      secrets[name] = value ?? undefined
      return { env: name }
    },
    close: async () => {
      const runtime = open()
      const generation = 1_000_000
      await runtime.remove({ color: 'blue', fencedBy: generation })
      await runtime.remove({ color: 'green', fencedBy: generation })
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function makeRelease(
  archive: string,
  sha: Sha,
  components: { readonly [name: string]: ComponentAsk },
): Promise<TestRelease> {
  const parts = Object.entries(components).map(
    ([name, one]): ReleaseComponent => ({
      name: parseComponentName(name),
      command: [process.execPath, 'program.mjs', one.behaviour],
      instances: one.instances ?? 1,
      routes: [{ pathPrefix: '/' }],
      health: { path: '/', timeoutMs: 1_000, release: 'body' },
      environment: one.environment ?? {},
      stopTimeoutMs: one.stopTimeoutMs ?? 2_000,
      artifact: {
        file: `shop-${name}-${sha}.tar.zst`,
        sizeBytes: 1,
        sha256: '0'.repeat(64),
        tarSha256: '0'.repeat(64),
      },
    }),
  )
  await mkdir(archive)
  await writeFile(join(archive, 'program.mjs'), PROGRAM)
  return {
    manifest: {
      version: 1,
      app: APP,
      sha,
      components: parts,
      migrate: null,
      migrations: [],
      builtBy: 'test',
      builtAt: '2024-01-01T00:00:00Z',
    },
    artifacts: parts.map(({ name }) => ({ component: name, path: archive })),
  }
}

function ask({ host, port }: { readonly host: string; readonly port: number }): Promise<Answer | null> {
  return new Promise((tell) => {
    const asking = request({ host, port, path: '/', agent: false, timeout: 2_000 }, (answer) => {
      text(answer).then(
        (body) => tell(JSON.parse(body) as Answer),
        () => tell(null),
      )
    })
    asking.once('timeout', () => asking.destroy(new Error('no answer in time')))
    asking.once('error', () => tell(null))
    asking.end()
  })
}

/** So many ports in a row that nobody listens on now, each asked for. */
async function freePorts(count: number): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const first = 20_000 + Math.floor(Math.random() * 10_000)
    const free = await Promise.all(Array.from({ length: count }, (_, index) => isFree(first + index)))
    if (free.every(Boolean)) return first
  }
  throw new Error(`found no ${count} free ports in a row`)
}

function isFree(port: number): Promise<boolean> {
  return new Promise((tell) => {
    const server = createServer()
    server.once('error', () => tell(false))
    server.listen(port, '127.0.0.1', () => server.close(() => tell(true)))
  })
}
