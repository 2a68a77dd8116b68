import { spawnSync } from 'node:child_process'
import type { BenchOptions } from './main.ts'
import { installPacked, type PackedBackflip, R1, R2 } from './packed.ts'
import { type Figure, print, ratio, spread } from './stats.ts'

const RUNS = 30
const ROLLBACKS = 16

/** Whole processes of the installed package, each beside `node -e 0` with the same binary, in turn. */
export async function run({ json }: BenchOptions): Promise<void> {
  const installed = await installPacked()
  try {
    installed.run('deploy', R1, '--yes')
    installed.run('deploy', R2, '--yes')
    print(
      'cli',
      [measure(installed, '--help', ['--help'], 2), measure(installed, 'status', ['status'], 3), rollbacks(installed)],
      json,
    )
  } finally {
    installed.close()
  }
}

function measure(installed: PackedBackflip, name: string, args: readonly string[], goal: number): Figure {
  const own: number[] = []
  const node: number[] = []
  for (let index = 0; index < RUNS; index += 1) {
    node.push(timeOf(installed, ['-e', '0']))
    own.push(timeOf(installed, [installed.program, ...args]))
  }
  return ratio(name, spread(own), { name: 'node -e 0', spread: spread(node) }, goal)
}

/** Each rollback needs a release to go back from: the other one is deployed again before, outside of the clock. */
function rollbacks(installed: PackedBackflip): Figure {
  const own: number[] = []
  const node: number[] = []
  for (let index = 0; index < ROLLBACKS; index += 1) {
    node.push(timeOf(installed, ['-e', '0']))
    own.push(timeOf(installed, [installed.program, 'rollback', '--mode', 'fast', '--yes']))
    installed.run('unfreeze', '--reason', 'bench')
    installed.run('deploy', R2, '--again', '--reason', 'bench', '--yes')
  }
  return ratio('rollback --mode fast --yes', spread(own), { name: 'node -e 0', spread: spread(node) }, 3)
}

function timeOf({ folder }: PackedBackflip, args: readonly string[]): number {
  const begun = performance.now()
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })
  const took = performance.now() - begun
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${stderr}`)
  return took
}
