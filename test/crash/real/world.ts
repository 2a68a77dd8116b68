import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, freePortRange } from '../../../examples/hello/demo/free-ports.ts'
import { compose } from '../../../src/compose.ts'
import { chooseEnvironment, loadConfig } from '../../../src/config/load.ts'
import { parseSha, type Sha } from '../../../src/domain/ids.ts'
import { httpGet } from '../../../src/lib/http-get.ts'
import { deploy, prepareDeploy } from '../../../src/operations/deploy.ts'
import type { Environment } from '../../../src/operations/environment.ts'
import { unfreeze } from '../../../src/operations/freeze.ts'
import { publishRelease } from '../../../src/operations/publish.ts'
import { loadRecord } from '../../../src/operations/record.ts'
import { down } from '../../../src/operations/up-down.ts'

export const [R1, R2] = ['1', '2'].map((digit) => parseSha(digit.repeat(40))) as [Sha, Sha]

const SERVER = `const { createServer } = require('node:http')
const { PORT, BACKFLIP_SHA: sha, BACKFLIP_COLOR: color } = process.env
createServer((request, answer) => answer.end(JSON.stringify({ sha, color }))).listen(Number(PORT), '127.0.0.1')
`

/** A whole environment on this host: real HAProxy, real processes, real journal, two releases of a small app. */
export interface RealWorld {
  readonly folder: string
  readonly publicUrl: string
  readonly open: () => Promise<Environment>
  /** What users get: the SHA that the application itself names. */
  readonly served: () => Promise<{ readonly status: number; readonly sha: string | null }>
  readonly deploy: (sha: Sha) => Promise<void>
  readonly close: () => Promise<void>
}

export interface RealWorldAsk {
  /** A folder that is there already, for everything; default: a fresh one. */
  readonly folder?: string
  /** More lines of the file and of its environment, as YAML without indentation. */
  readonly app?: readonly string[]
  readonly environment?: readonly string[]
  /** More of the environment's edge, in YAML's braces; given its public port. */
  readonly edge?: (port: number) => string
  /** For the whole of phase D. Default 20s. */
  readonly checkLimit?: string
  /** Default: 127.0.0.1. */
  readonly host?: string
}

export async function realWorld(ask: RealWorldAsk = {}): Promise<RealWorld> {
  const folder = ask.folder ?? mkdtempSync(join(tmpdir(), 'bf-'))
  const host = ask.host ?? '127.0.0.1'
  const [port, first] = [await freePort(), await freePortRange(10)]
  mkdirSync(join(folder, 'app'))
  writeFileSync(join(folder, 'app', 'server.js'), SERVER)
  writeFileSync(
    join(folder, 'backflip.yaml'),
    `app: hello
components:
  web: { command: [node, server.js], routes: [{ path: / }], health: { path: /healthz }, stopTimeout: 2s }
${(ask.app ?? []).map((line) => `${line}\n`).join('')}environments:
  local:
    edge: { bind: "${host}:${port}"${ask.edge === undefined ? '' : `, ${ask.edge(port)}`} }
    runtime: { ports: ${first}-${first + 9} }
    registry: { path: ./registry }
    check: { consecutive: 1, interval: 20ms, limit: ${ask.checkLimit ?? '20s'} }
    verify: { bake: "0" }
${(ask.environment ?? []).map((line) => `    ${line}\n`).join('')}`,
  )
  const open = async () => {
    const config = await loadConfig(join(folder, 'backflip.yaml'))
    return compose(config, await chooseEnvironment(config, null), 'test')
  }
  const within = async (work: (environment: Environment) => Promise<void>) => {
    const environment = await open()
    try {
      await work(environment)
    } finally {
      await environment.journal.close()
    }
  }
  const publicUrl = `http://${host}:${port}`
  await within(async ({ config, registry, settings }) => {
    for (const sha of [R1, R2]) {
      const sources = [{ component: 'web', path: join(folder, 'app') }]
      await publishRelease({
        config,
        registry,
        sha,
        sources,
        builtBy: 'test',
        now: '2026-01-01T00:00:00.000Z',
        workFolder: settings.stateFolder,
      })
    }
  })
  return {
    folder,
    publicUrl,
    open,
    async served() {
      const { status, body } = await httpGet({ url: `${publicUrl}/`, timeoutMs: 2_000 })
      return { status, sha: /[0-9a-f]{40}/.exec(body)?.[0] ?? null }
    },
    deploy: (sha) =>
      within(async (environment) => {
        if ((await loadRecord(environment.journal)).freeze !== null) await unfreeze(environment, 'a test')
        const end = await deploy(environment, await prepareDeploy(environment, { sha, again: true, reason: 'a test' }))
        if (end.outcome !== 'done')
          throw new Error(`the deploy that a test begins with ended ${end.outcome}: ${end.error?.message}`)
      }),
    async close() {
      await within((environment) => down(environment))
      if (ask.folder === undefined) rmSync(folder, { recursive: true, force: true })
    },
  }
}
