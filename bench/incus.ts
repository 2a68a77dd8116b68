import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { passwordFile } from '../examples/veza/place.ts'
import { type Veza, veza } from '../test/incus/veza-world.ts'
import type { BareDeployAsk } from './incus/bare-deploy.ts'
import { bareExec } from './incus/bare-exec.ts'
import type { BenchOptions } from './main.ts'
import { installPackage, R1, R2 } from './packed.ts'
import { type Figure, print, ratio, spread } from './stats.ts'

const RUNS = 8
const LIMIT_MS = 120_000
const ROLLBACK_GOAL_MS = 1_000
const SCRIPT = fileURLToPath(new URL('./incus/bare-deploy.ts', import.meta.url))

/**
 * A deploy of `examples/veza` by the installed package, as a whole process, beside a script that makes the same calls of Incus' API and does nothing
 * else, in turn; then the fast rollback. Bake 0, and no snapshot proved meanwhile. Runs in a bed's network.
 */
export async function run({ json }: BenchOptions): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'bf-'))
  const world = await veza()
  try {
    const program = installPackage(work)
    const config = join(world.folder, 'backflip.yaml')
    const text = readFileSync(config, 'utf8').replace(/bake: [^,]+,/, 'bake: "0",')
    writeFileSync(config, text.replace('snapshots: {', 'snapshots: { verify: false,'))
    for (const sha of [R1, R2]) await world.publish(sha)
    const asks = bareAsks(world, work)
    const backflip = (...args: readonly string[]) => timeOf([program, ...args], world.folder)
    const bare = (index: number) => timeOf([SCRIPT, JSON.stringify(asks(index))], world.folder)
    backflip('deploy', R1, '--yes')
    bare(0)
    const [own, byScript, rollbacks, execs]: [number[], number[], number[], number[]] = [[], [], [], []]
    for (let index = 0; index < RUNS; index += 1) {
      byScript.push(bare(index + 1))
      own.push(backflip('deploy', R2, '--again', '--reason', 'bench', '--yes'))
      execs.push(await timeOfExec(world))
      rollbacks.push(backflip('rollback', '--mode', 'fast', '--reason', 'bench', '--yes'))
      backflip('unfreeze', '--reason', 'bench')
    }
    print('incus', [deployFigure(own, byScript), rollbackFigure(rollbacks, execs)], json)
  } finally {
    await world.close()
    rmSync(work, { recursive: true, force: true })
  }
}

function deployFigure(own: readonly number[], byScript: readonly number[]): Figure {
  return ratio('deploy of the example', spread(own), { name: 'the bare script', spread: spread(byScript) }, 1.5)
}

/** About fifteen commands in the edge's container, one after the other: what one takes says how busy the machine was. */
function rollbackFigure(times: readonly number[], execs: readonly number[]): Figure {
  const { median, min, p95, count } = spread(times)
  const note = `${count} runs, min ${min}, p95 ${p95}; a bare exec of true beside it ${spread(execs).median} ms`
  return { name: 'fast rollback, whole process', value: median, unit: 'ms', goal: ROLLBACK_GOAL_MS, note }
}

async function timeOfExec({ host: { socket, project } }: Veza): Promise<number> {
  const begun = performance.now()
  await bareExec({ socket, project, instance: 'veza-staging-haproxy', argv: ['true'], stdin: '' })
  return performance.now() - begun
}

function timeOf(args: readonly string[], cwd: string): number {
  const begun = performance.now()
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8', timeout: LIMIT_MS })
  const took = performance.now() - begun
  if (status !== 0) throw new Error(`${args[0] ?? ''} ended with ${status}:\n${stdout}${stderr}`)
  return took
}

function bareAsks(world: Veza, work: string): (index: number) => BareDeployAsk {
  const tars = Object.fromEntries(
    ['backend', 'stream', 'web'].map((component) => {
      const file = join(work, `${component}.tar`)
      spawnSync('tar', ['-C', join(world.folder, 'app'), '-cf', file, component])
      return [component, file]
    }),
  )
  const { host } = world
  const subnet = new URL(world.url).hostname.replace(/\.\d+$/, '')
  const password = readFileSync(join(world.folder, passwordFile({ environment: 'staging' })), 'utf8')
  return (index) => ({
    ...host,
    subnet,
    haproxy: 'veza-staging-haproxy',
    postgres: 'veza-staging-postgres',
    snapshot: `bare-${index}`,
    isFirst: index === 0,
    environment: `PGHOST=${subnet}.11\nPGUSER=veza\nPGDATABASE=veza\nPGPASSWORD=${password}\n`,
    tars,
  })
}
