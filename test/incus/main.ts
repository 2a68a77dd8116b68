/**
 * Tests on a real incusd.
 *
 *   npm run incus                      keeps a daemon until Ctrl-C, for later runs of single files
 *   npm run incus -- run [VITEST …]    runs test files there, or on a daemon of their own when none is kept
 *   npm run incus -- exec ARGV …       any program in its network, with INCUS_DIR set: `exec incus list`
 *
 * `--fresh` before them never takes a kept one. Exit code 77: it cannot run here, and why is said in one line; in CI that is a failure.
 */

import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { SKIPPED } from '../../scripts/test/part.ts'
import { type Bed, enter, incusFolder, socketOf } from './bed/bed.ts'
import { whyNoBed } from './bed/can-run.ts'
import { toEnvironment } from './bed/environment.ts'
import { findKeptBed, forgetKeptBed, recordKeptBed } from './bed/kept-bed.ts'
import { startBed } from './bed/start-bed.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const VITEST = ['node_modules/vitest/vitest.mjs', 'run', '--project', 'incus']

const isFresh = process.argv[2] === '--fresh'
const [verb, ...rest] = process.argv.slice(isFresh ? 3 : 2)
const stop = new AbortController()
for (const signal of SIGNALS) process.on(signal, () => stop.abort(signal))

const problem = whyNoBed()
if (problem === null) process.exitCode = await main()
else {
  console.log(`Incus is not tested here: ${problem}`)
  process.exitCode = process.env.CI === 'true' ? 1 : SKIPPED
}

async function main(): Promise<number> {
  const kept = isFresh ? null : findKeptBed()
  if (verb === 'run') return inBed(kept, (bed) => runIn(bed, [process.execPath, ...VITEST, ...rest]))
  if (verb === 'exec' && rest.length > 0) return inBed(kept, (bed) => runIn(bed, rest))
  if (verb !== undefined) {
    console.error('usage: npm run incus [-- [--fresh] run|exec …]')
    return 2
  }
  if (kept !== null) return keep(kept)
  return inBed(null, async (bed) => {
    recordKeptBed(bed)
    try {
      return await keep(bed)
    } finally {
      forgetKeptBed()
    }
  })
}

async function inBed(kept: Bed | null, work: (bed: Bed) => Promise<number>): Promise<number> {
  if (kept !== null) return work(kept)
  const bed = await startBed({ debian: process.env.BACKFLIP_TEST_INCUS_DEBIAN !== 'no' })
  try {
    return stop.signal.aborted ? 130 : await work(bed)
  } finally {
    await bed.stop()
  }
}

async function keep(bed: Bed): Promise<number> {
  console.log(
    `incusd answers on ${socketOf(bed)}\n  npm run incus -- run test/incus/FILE\n  npm run incus -- exec incus list\nCtrl-C ends it.`,
  )
  if (!stop.signal.aborted) await new Promise((resolve) => stop.signal.addEventListener('abort', resolve))
  return 0
}

/** In the bed's network, so that containers answer HTTP; it dies with us. */
async function runIn(bed: Bed, argv: readonly string[]): Promise<number> {
  const args = ['--pdeathsig', 'TERM', ...enter(bed, 'net'), ...argv]
  const env = { ...process.env, ...toEnvironment(bed), INCUS_DIR: incusFolder(bed) }
  const child = spawn('setpriv', args, { stdio: 'inherit', env })
  // Ctrl-C reaches the whole foreground group by itself.
  stop.signal.addEventListener('abort', () => stop.signal.reason === 'SIGINT' || child.kill('SIGTERM'))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve(signal === null ? (code ?? 1) : 128 + constants.signals[signal]))
  })
}
