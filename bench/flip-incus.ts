import { randomBytes } from 'node:crypto'
import { parseJournalId } from '../src/domain/ids.ts'
import { generationFolder, layoutOf } from '../src/drivers/haproxy/layout.ts'
import { replaceFile } from '../src/drivers/incus/find-chain.ts'
import { systemClock } from '../src/drivers/local/clock.ts'
import type { Transport } from '../src/ports/transport.ts'
import { APP, ENVIRONMENT } from '../test/fakes/history.ts'
import { socketOf } from '../test/incus/bed/bed.ts'
import { type ContainerEdge, containerEdge } from '../test/incus/edge-world.ts'
import { bareExec } from './incus/bare-exec.ts'
import type { BenchOptions } from './main.ts'
import { print, ratio, spread } from './stats.ts'

const ANCHOR = { journal: parseJournalId('00000000-0000-7000-8000-00000000000a'), seq: 1, hash: '0'.repeat(64) }
const ASK = 'GET / HTTP/1.1\r\nhost: control\r\nconnection: close\r\n\r\n'
const STATE = 'hello-local blue::0:1\n'

/** The flip of an edge in a container, beside the same four calls made by a script that does nothing else. Runs in a bed's network. */
export async function run({ json, flips }: BenchOptions): Promise<void> {
  const world = await containerEdge()
  try {
    const alone = await flipBy(world, world.inside, flips)
    const shared = await flipBy(world, world.shared, flips)
    print(
      'flip --transport incus',
      [
        ratio('through the daemon alone', spread(alone.own), { name: 'raw calls', spread: spread(alone.raw) }, 1.3),
        ratio(
          'with a shared folder',
          spread(shared.own),
          { name: 'one raw call and local files', spread: spread(shared.oneCall) },
          1.3,
        ),
      ],
      json,
    )
  } finally {
    await world.close()
  }
}

interface Times {
  readonly own: number[]
  /** The four calls: ask, write, switch, ask the master. */
  readonly raw: number[]
  /** The master's socket lies outside the shared folder: that one call remains, beside a file and two questions of this host. */
  readonly oneCall: number[]
}

/** In turn, so that what else the machine does falls on all alike. */
async function flipBy(world: ContainerEdge, transport: Transport, flips: number): Promise<Times> {
  const edge = world.edgeBy(transport)
  const { generation } = await edge.fence({ anchor: ANCHOR })
  await edge.apply({ topology: world.topology, fencedBy: generation })
  while (!(await isUp(edge))) await systemClock.sleep(50)
  const times: Times = { own: [], raw: [], oneCall: [] }
  for (let index = 0; index < flips; index += 1) {
    const to = index % 2 === 0 ? 'blue' : 'green'
    times.own.push(await timed(() => edge.flip({ to, fencedBy: generation, anchor: ANCHOR })))
    times.raw.push(await timed(() => rawCalls(world, generation)))
    times.oneCall.push(await timed(() => localFloor(world, generation)))
  }
  return times
}

async function isUp(edge: ReturnType<ContainerEdge['edgeBy']>): Promise<boolean> {
  const { servers } = await edge.read()
  return [...servers.blue, ...servers.green].every(({ up }) => up > 0)
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now()
  await work()
  return performance.now() - begun
}

async function rawCalls(world: ContainerEdge, generation: number): Promise<void> {
  const layout = layoutOf(world.config, APP, ENVIRONMENT)
  const aside = `${generationFolder(layout, generation)}/raw.${randomBytes(8).toString('hex')}`
  await raw(world, ['socat', '-t', '30', '-', `UNIX-CONNECT:${layout.controlSocket}`], ASK)
  const size = Buffer.byteLength(STATE)
  await raw(world, replaceFile({ path: `${layout.folder}/raw.map`, aside, mode: 0o640, size }), STATE)
  await raw(world, ['socat', '-t', '30', '-', `UNIX-CONNECT:${layout.controlSocket}`], ASK)
  await askMaster(world)
}

async function localFloor(world: ContainerEdge, generation: number): Promise<void> {
  const layout = layoutOf(world.config, APP, ENVIRONMENT)
  const via = generationFolder(layout, generation)
  await world.shared.askSocket(layout.controlSocket, ASK, { timeoutMs: 1_000 })
  await world.shared.writeFileAtomic(`${layout.folder}/raw.map`, STATE, { via })
  await world.shared.askSocket(layout.controlSocket, ASK, { timeoutMs: 1_000 })
  await askMaster(world)
}

async function askMaster(world: ContainerEdge): Promise<void> {
  await raw(world, ['socat', '-t', '30', '-', `UNIX-CONNECT:${world.config.masterSocket ?? ''}`], 'show proc\n')
}

async function raw({ incus, instance }: ContainerEdge, argv: readonly string[], stdin: string): Promise<void> {
  const ask = { socket: socketOf(incus.bed), project: incus.client.project, instance, argv, stdin }
  const { stdout } = await bareExec(ask)
  if (stdout.length === 0) throw new Error(`${argv[0] ?? ''} said nothing`)
}
