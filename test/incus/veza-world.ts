import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BACKFLIP, type CliEnd, runCli } from '../../examples/hello/demo/run-cli.ts'
import { mustRun } from '../../examples/veza/create/run.ts'
import type { Host } from '../../examples/veza/place.ts'
import { type IncusClient, incusClient } from '../../src/drivers/incus/client.ts'
import { parseInstanceName, parseProjectName } from '../../src/drivers/incus/names.ts'
import { perform } from '../../src/drivers/incus/operations.ts'
import { socketOf } from './bed/bed.ts'
import { IMAGES } from './bed/import-images.ts'
import { sql } from './data-world.ts'
import { emptyProject, incusWorld } from './world.ts'

const EXAMPLE = fileURLToPath(new URL('../../examples/veza', import.meta.url))
const CREATE_LIMIT_MS = 240_000
const LIMIT_MS = 180_000
const REMOVE_LIMIT_MS = 60_000

/** The environment `staging` of the example, as its own script makes it. */
export interface Veza {
  readonly client: IncusClient
  readonly host: Host
  /** Holds `backflip.yaml`, and in `app` what was published last. */
  readonly folder: string
  readonly url: string
  /** What the script said. */
  readonly created: string
  backflip(argv: readonly string[]): Promise<CliEnd>
  /** Throws with everything that was said unless it ends with 0. */
  must(...argv: readonly string[]): Promise<CliEnd>
  /** Publishes the example's app as this release; `change` may spoil the copy first. */
  publish(sha: string, change?: (app: string) => void): Promise<void>
  /** In the database, as its superuser. */
  sql(statement: string): Promise<string>
  close(): Promise<void>
}

export async function veza(): Promise<Veza> {
  const incus = await incusWorld()
  const folder = join(incus.folder, 'veza')
  // All of these are the script's to make: nothing of the bed's is used but the image.
  const number = Number(incus.address(0).split('.')[2])
  const host: Host = {
    socket: socketOf(incus.bed),
    project: `veza-${number}`,
    image: IMAGES.debian,
    pool: `veza-${number}`,
    network: `vezabr${number}`,
    gateway: `10.${100 + number}.0.1`,
  }
  const { socket, project, network, pool } = host
  const script = [process.execPath, join(EXAMPLE, 'create.ts'), '--environment', 'staging', '--folder', folder]
  const flags = Object.entries(host).flatMap(([name, value]) => [`--${name}`, value])
  const created = await mustRun([...script, ...flags], { limitMs: CREATE_LIMIT_MS })
  const client = incusClient({ place: { socket }, project: parseProjectName(project) })
  const backflip = (argv: readonly string[]) =>
    runCli({ program: BACKFLIP, argv, cwd: folder, quiet: true, signal: AbortSignal.timeout(LIMIT_MS) })
  const must = async (...argv: readonly string[]) => {
    const ended = await backflip(argv)
    if (ended.code !== 0) throw new Error(`${argv.join(' ')} ended with ${ended.code}:\n${ended.out}${ended.err}`)
    return ended
  }
  return {
    client,
    host,
    folder,
    url: `http://10.${100 + number}.1.10`,
    created,
    backflip,
    must,
    async publish(sha, change) {
      const app = join(folder, 'app')
      rmSync(app, { recursive: true, force: true })
      cpSync(join(EXAMPLE, 'app'), app, { recursive: true })
      change?.(app)
      await must('publish', '--sha', sha, ...['backend', 'stream', 'web'].map((one) => `${one}=app/${one}`))
    },
    sql: (statement) => sql(client, parseInstanceName('veza-staging-postgres'), statement, 'veza'),
    async close() {
      await emptyProject(client)
      const remove = (path: string) => perform(client, { method: 'DELETE', path, limitMs: REMOVE_LIMIT_MS })
      await remove(`/projects/${project}`)
      client.close()
      await perform(incus.client, { method: 'DELETE', path: `/networks/${network}`, limitMs: REMOVE_LIMIT_MS })
      await perform(incus.client, { method: 'DELETE', path: `/storage-pools/${pool}`, limitMs: REMOVE_LIMIT_MS })
      await incus.end()
    },
  }
}

/** Puts words in the place of others in one of the app's files. */
export function change(file: string, from: string, to: string): void {
  const before = readFileSync(file, 'utf8')
  if (!before.includes(from)) throw new Error(`${file} has no ${from}`)
  writeFileSync(file, before.replace(from, to))
}
