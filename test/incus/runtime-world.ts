import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { IncusRuntimeConfig } from '../../src/config/types.ts'
import { parseAppName, parseComponentName, parseEnvironmentName, type Sha } from '../../src/domain/ids.ts'
import type { ReleaseComponent } from '../../src/domain/release.ts'
import { pullFile } from '../../src/drivers/incus/files.ts'
import { listInstances } from '../../src/drivers/incus/instances.ts'
import { type IncusRuntimeOptions, incusRuntime } from '../../src/drivers/incus/runtime/runtime.ts'
import { systemClock } from '../../src/drivers/local/clock.ts'
import { packArchive } from '../../src/lib/archive/pack.ts'
import type { Runtime } from '../../src/ports/runtime.ts'
import type { Answer, ComponentAsk, RuntimeWorld, TestRelease } from '../contract/runtime.ts'
import { BRIDGE, GATEWAY, PREFIX_LENGTH } from './bed/bed.ts'
import { PROGRAM } from './program.ts'
import { emptyProject, type IncusWorld } from './world.ts'

const APP = parseAppName('shop')
export const PORT = 8000

export interface IncusRuntimeWorld extends RuntimeWorld {
  readonly options: IncusRuntimeOptions
  readonly open: (more?: Partial<IncusRuntimeOptions>) => Runtime
}

/** The first addresses of the project are left to the test's own containers. */
export function runtimeConfig(
  world: Pick<IncusWorld, 'address'>,
  service: IncusRuntimeConfig['service'],
): IncusRuntimeConfig {
  return {
    driver: 'incus',
    image: service === 'script' ? 'bb' : 'debian',
    profiles: ['default'],
    namePattern: '{app}-{environment}-{component}-{color}',
    port: PORT,
    addresses: {
      first: world.address(100),
      last: world.address(120),
      static: { gateway: GATEWAY, prefix: PREFIX_LENGTH },
    },
    network: { device: 'eth0', name: BRIDGE },
    folder: '/opt/app',
    service,
    user: 'root',
    limits: {},
    targets: [],
  }
}

/** One test's share of the file's project: it is empty again when the test is over. */
export async function incusRuntimeWorld(
  world: Pick<IncusWorld, 'client' | 'folder' | 'address'>,
  service: IncusRuntimeConfig['service'],
): Promise<IncusRuntimeWorld> {
  const folder = await mkdtemp(join(world.folder, 'runtime-'))
  const secrets: { [name: string]: string | undefined } = {}
  const options: IncusRuntimeOptions = {
    client: world.client,
    config: runtimeConfig(world, service),
    app: APP,
    environment: parseEnvironmentName('test'),
    stateFolder: join(folder, 'state'),
    clock: systemClock,
    processEnvironment: secrets,
    // Over as soon as the port answers; long, so that a busy machine does not decide what a test sees.
    graceMs: 10_000,
  }
  let made = 0
  return {
    options,
    open: (more = {}) => incusRuntime({ ...options, ...more }),
    ask,
    release: (sha, components) => {
      made += 1
      return makeRelease(join(folder, `release-${made}`), sha, components)
    },
    async damage({ manifest, artifacts }) {
      const path = join(folder, 'damaged.tar.zst')
      await writeFile(path, 'no archive at all')
      return { manifest, artifacts: artifacts.map(({ component }) => ({ component, path })) }
    },
    command: (exitCode, tookMs) => ['./program.sh', 'once', String(exitCode), String(tookMs)],
    async commandsRun() {
      const names = (await listInstances(world.client)).map(({ name }) => name)
      const notes = await Promise.all(names.map((name) => pullFile(world.client, name, '/notes')))
      return notes.reduce((sum, view) => sum + (view?.type === 'file' ? view.bytes.length / 'ran\n'.length : 0), 0)
    },
    setSecret(name, value) {
      secrets[name] = value ?? undefined
      return { env: name }
    },
    async close() {
      await emptyProject(world.client)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function makeRelease(
  folder: string,
  sha: Sha,
  components: { readonly [name: string]: ComponentAsk },
): Promise<TestRelease> {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'program.sh'), PROGRAM)
  await chmod(join(folder, 'program.sh'), 0o755)
  // Longer than the hundred bytes of a plain tar header.
  const deep = join(folder, 'a'.repeat(60), 'b'.repeat(60))
  await mkdir(deep, { recursive: true })
  await writeFile(join(deep, 'c'.repeat(60)), 'deep\n')
  const path = `${folder}.tar.zst`
  await packArchive(folder, path)
  const parts = Object.entries(components).map(
    ([name, one]): ReleaseComponent => ({
      name: parseComponentName(name),
      command: ['./program.sh', one.behaviour],
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
    artifacts: parts.map(({ name }) => ({ component: name, path })),
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
