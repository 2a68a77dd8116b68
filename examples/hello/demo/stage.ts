import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { freePort, freePortRange } from './free-ports.ts'
import { endLeftovers } from './leftovers.ts'
import { BACKFLIP, type CliEnd, runCli } from './run-cli.ts'

const EXAMPLE = fileURLToPath(new URL('../backflip.yaml', import.meta.url))
/** Of both colors, with room for what the driver leaves between them. */
const INSTANCE_PORTS = 20
const DOWN_LIMIT_MS = 20_000

/** A folder of its own, with the example's configuration on free ports, and the real command line to play on it. */
export interface Stage {
  readonly folder: string
  readonly url: string
  /** Shown as it runs unless `quiet`; then what it wrote is in the result. */
  readonly backflip: (argv: readonly string[], options?: { readonly quiet?: boolean }) => Promise<CliEnd>
  /** Stops the edge and every instance, and takes the folder away. Returns what had to be ended by force: nothing, if all is well. */
  readonly clear: () => Promise<readonly string[]>
}

export interface StageOptions {
  /** Which `backflip.js`; default: this clone's. */
  readonly program?: string
  /** How long phase F watches; default: what the example says. */
  readonly bake?: string
}

export async function setStage(signal: AbortSignal, { program = BACKFLIP, bake }: StageOptions = {}): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'backflip-demo-'))
  const port = await freePort()
  const first = await freePortRange(INSTANCE_PORTS)
  const example = parse(await readFile(EXAMPLE, 'utf8'))
  const { local } = example.environments
  local.edge.bind = `127.0.0.1:${port}`
  local.runtime.ports = `${first}-${first + INSTANCE_PORTS - 1}`
  local.verify.bake = bake ?? local.verify.bake
  await mkdir(join(folder, 'registry'))
  const config = join(folder, 'backflip.yaml')
  // JSON is YAML too.
  await writeFile(config, `${JSON.stringify(example, null, 2)}\n`)
  const run = (argv: readonly string[], quiet: boolean, stop: AbortSignal) =>
    runCli({ program, argv: [...argv, '--config', config], cwd: folder, quiet, signal: stop })
  return {
    folder,
    url: `http://127.0.0.1:${port}`,
    backflip: (argv, { quiet = false } = {}) => run(argv, quiet, signal),
    clear: async () => {
      await run(['down', '--yes'], true, AbortSignal.timeout(DOWN_LIMIT_MS))
      const ended = await endLeftovers(folder)
      await rm(folder, { recursive: true, force: true })
      return ended
    },
  }
}
