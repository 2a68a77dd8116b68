import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort, freePortRange } from '../examples/hello/demo/free-ports.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

export interface PackedBackflip {
  /** Folder with `backflip.yaml`, two published releases of a small app, and everything else. */
  readonly folder: string
  readonly program: string
  readonly publicPort: number
  readonly run: (...args: readonly string[]) => void
  readonly close: () => void
}

export const R1 = '1'.repeat(40)
export const R2 = '2'.repeat(40)

/** The package as a user gets it: packed, installed into an empty folder, with an environment beside it. */
export async function installPacked(
  components: readonly string[] = ['web'],
  check = 'consecutive: 1, interval: 20ms',
): Promise<PackedBackflip> {
  const folder = mkdtempSync(join(tmpdir(), 'bf-'))
  const program = installPackage(folder)
  const publicPort = await freePort()
  const first = await freePortRange(20)
  writeApp(folder, publicPort, first, components, check)
  const run = (...args: readonly string[]) => must(process.execPath, [program, ...args], folder)
  const sources = components.map((component) => `${component}=app`)
  run('publish', '--sha', R1, ...sources)
  run('publish', '--sha', R2, ...sources)
  return {
    folder,
    program,
    publicPort,
    run,
    close() {
      run('down', '--yes')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Packs this clone and installs it into the folder; the program's path. */
export function installPackage(folder: string): string {
  must('npm', ['pack', '--silent', '--pack-destination', folder], root)
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'))
  if (tarball === undefined) throw new Error('npm pack made no file')
  writeFileSync(join(folder, 'package.json'), '{"private":true}')
  must('npm', ['install', '--silent', '--no-audit', '--no-fund', '--ignore-scripts', join(folder, tarball)], folder)
  return join(folder, 'node_modules', 'backflip', 'bin', 'backflip.js')
}

function writeApp(
  folder: string,
  publicPort: number,
  first: number,
  components: readonly string[],
  check: string,
): void {
  const server = `const { createServer } = require('node:http')
const { PORT, BACKFLIP_SHA: sha, BACKFLIP_COLOR: color } = process.env
createServer((request, answer) => answer.end(JSON.stringify({ sha, color }))).listen(Number(PORT), '127.0.0.1')
`
  spawnSync('mkdir', ['-p', join(folder, 'app')])
  writeFileSync(join(folder, 'app', 'server.js'), server)
  writeFileSync(
    join(folder, 'backflip.yaml'),
    `app: bench
components:
${components
  .map(
    (name, index) => `  ${name}:
    command: [node, server.js]
    routes: [{ path: ${index === 0 ? '/' : `/${name}`} }]
    health: { path: ${index === 0 ? '/healthz' : `/${name}/healthz`}, timeout: 2s }
    stopTimeout: 2s`,
  )
  .join('\n')}
environments:
  local:
    edge: { bind: "127.0.0.1:${publicPort}" }
    runtime: { ports: ${first}-${first + 19} }
    registry: { path: ./registry }
    check: { ${check}, limit: 20s }
    verify: { bake: "0" }
`,
  )
}

export function must(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    timeout: 120_000,
    env: { ...process.env, NO_COLOR: '1' },
  })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}:\n${stdout}\n${stderr}`)
  return stdout
}
