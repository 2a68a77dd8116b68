import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseInstanceName } from '../../src/drivers/incus/names.ts'
import { BRIDGE, GATEWAY, PREFIX_LENGTH, socketOf } from './bed/bed.ts'
import { IMAGES } from './bed/import-images.ts'
import { sql } from './data-world.ts'
import { type IncusWorld, incusWorld } from './world.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const PROGRAM = join(ROOT, 'bin/backflip.js')
const LIMIT_MS = 180_000

export interface Ended {
  readonly exitCode: number | null
  readonly out: string
  readonly err: string
}

export interface Veza {
  readonly incus: IncusWorld
  readonly folder: string
  readonly url: string
  backflip(...args: readonly string[]): Promise<Ended>
  /** Throws with everything that was said unless it ends with 0. */
  must(...args: readonly string[]): Promise<Ended>
  /** Publishes the example's app under this SHA; `change` may spoil the copy first. */
  publish(sha: string, change?: (app: string) => void): Promise<void>
  /** In the database, as its superuser. */
  sql(statement: string): Promise<string>
  close(): Promise<void>
}

/** The example as its own script makes it, in a project of the test's own. */
export async function veza(): Promise<Veza> {
  const incus = await incusWorld()
  const folder = join(incus.folder, 'veza')
  const subnet = incus.address(0).replace(/\.0$/, '')
  const created = await run(
    process.execPath,
    [
      join(ROOT, 'examples/veza/create.ts'),
      ...['--socket', socketOf(incus.bed), '--project', incus.client.project, '--image', IMAGES.debian],
      ...['--network', BRIDGE, '--subnet', subnet, '--gateway', GATEWAY, '--prefix', String(PREFIX_LENGTH)],
      ...['--folder', folder],
    ],
    ROOT,
  )
  if (created.exitCode !== 0) throw new Error(`create.ts: ${created.out}${created.err}`)
  const backflip = (...args: readonly string[]) => run(process.execPath, [PROGRAM, ...args], folder)
  const must = async (...args: readonly string[]) => {
    const ended = await backflip(...args)
    if (ended.exitCode !== 0)
      throw new Error(`${args.join(' ')} ended with ${ended.exitCode}:\n${ended.out}${ended.err}`)
    return ended
  }
  return {
    incus,
    folder,
    url: `http://${subnet}.10`,
    backflip,
    must,
    async publish(sha, change) {
      const app = join(incus.folder, `app-${sha.slice(0, 8)}`)
      rmSync(app, { recursive: true, force: true })
      cpSync(join(ROOT, 'examples/veza/app'), app, { recursive: true })
      writeFileSync(join(app, 'web', 'www', 'release.txt'), `${sha}\n`)
      change?.(app)
      const parts = ['backend', 'stream', 'web'].map((component) => `${component}=${join(app, component)}`)
      await must('publish', '--sha', sha, ...parts)
    },
    sql: (statement) => sql(incus.client, parseInstanceName('veza-staging-postgres'), statement, 'veza'),
    async close() {
      await backflip('down', '--yes')
      await incus.end()
    },
  }
}

function run(program: string, args: readonly string[], cwd: string): Promise<Ended> {
  mkdirSync(cwd, { recursive: true })
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], timeout: LIMIT_MS })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString('utf8')))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString('utf8')))
  return new Promise((resolve) => child.once('close', (exitCode) => resolve({ exitCode, out, err })))
}

/** Puts a line in the place of another in one of the app's scripts. */
export function spoil(file: string, from: string, to: string): void {
  const before = readFileSync(file, 'utf8')
  if (!before.includes(from)) throw new Error(`${file} has no ${from}`)
  writeFileSync(file, before.replace(from, to))
}

export interface Answer {
  readonly path: string
  readonly status: number
  readonly body: string
  readonly release: string | undefined
}

/** A few clients on kept connections that ask one after the other, each answer kept; never more than `MAX_ANSWERS`. */
const MAX_ANSWERS = 50_000
const PATHS = ['/health', '/api/v1/health', '/stream/health'] as const

export function load(url: string, ask: { readonly orders?: boolean } = {}) {
  const agent = new Agent({ keepAlive: true, maxSockets: 6 })
  const answers: Answer[] = []
  const orders: number[] = []
  let isOver = false
  const client = async (path: string, method: 'GET' | 'POST') => {
    while (!isOver && answers.length < MAX_ANSWERS) {
      const answer = await once(agent, url, path, method)
      answers.push(answer)
      if (method === 'POST' && answer.status === 200) orders.push(Number(answer.body.trim()))
      if (answer.status === 0) await wait(20)
      await wait(5)
    }
  }
  const work = Promise.all([
    ...PATHS.map((path) => client(path, 'GET')),
    ...(ask.orders === true ? [client('/cgi-bin/orders', 'POST'), client('/cgi-bin/orders', 'POST')] : []),
  ])
  return {
    answers,
    /** Ids that PostgreSQL has acknowledged. */
    orders,
    async stop() {
      isOver = true
      await work
      agent.destroy()
      return answers
    },
  }
}

function once(agent: Agent, url: string, path: string, method: 'GET' | 'POST'): Promise<Answer> {
  return new Promise((resolve) => {
    const failed = (error: Error) => resolve({ path, status: 0, body: error.message, release: undefined })
    const asked = request(`${url}${path}`, { agent, method, timeout: 5_000 }, (response) => {
      const release = response.headers['x-backflip-release']
      text(response).then(
        (body) => resolve({ path, status: response.statusCode ?? 0, body, release: String(release) }),
        failed,
      )
    })
    asked.on('timeout', () => asked.destroy(new Error('no answer within 5 s')))
    asked.on('error', failed)
    asked.end()
  })
}
