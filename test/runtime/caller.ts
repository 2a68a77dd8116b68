/**
 * A command of its own, as a process that a test can end at an exact instant: `caller.ts FILE`, where FILE holds a `CallerJob`. It says what came out
 * as one line of JSON on standard output.
 */

import fsSync, { writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { type ProcessRuntimeOptions, processRuntime } from '../../src/drivers/process/runtime.ts'
import type { LaunchAsk, Runtime } from '../../src/ports/runtime.ts'
import { clock, unpackFolder } from './process-world.ts'

export interface CallerJob {
  readonly options: Omit<ProcessRuntimeOptions, 'clock' | 'unpack'>
  readonly unpack?: LaunchAsk
  readonly start?: LaunchAsk
  readonly runOnce?: Parameters<Runtime['runOnce']>[0]
  /** When a file whose path holds `path` is opened for writing: what happens. `reached` is written first, so that a test knows it did. */
  readonly fault?: { readonly path: string; readonly what: 'die' | 'stop' | 'no-room'; readonly reached: string }
}

function plant({ path, what, reached }: NonNullable<CallerJob['fault']>): void {
  const open = fsSync.openSync
  fsSync.openSync = ((file: string, flags?: string, mode?: number) => {
    if (flags !== 'wx' || !String(file).includes(path)) return open(file, flags ?? 'r', mode)
    if (what === 'no-room') {
      writeFileSync(reached, 'reached')
      throw Object.assign(new Error('ENOSPC: no space left on device, open'), { code: 'ENOSPC', path: file })
    }
    const handle = open(file, flags, mode)
    writeFileSync(reached, 'reached')
    process.kill(process.pid, what === 'die' ? 'SIGKILL' : 'SIGSTOP')
    return handle
  }) as typeof fsSync.openSync
  syncBuiltinESMExports()
}

async function work({ options, unpack, start, runOnce, fault }: CallerJob): Promise<unknown> {
  const runtime = processRuntime({ ...options, clock, unpack: unpackFolder })
  if (unpack !== undefined) await runtime.unpack(unpack)
  if (fault !== undefined) plant(fault)
  if (start !== undefined) return runtime.start(start)
  return runOnce === undefined ? null : runtime.runOnce(runOnce)
}

const [, , file = ''] = process.argv
try {
  const result = await work(JSON.parse(await readFile(file, 'utf8')) as CallerJob)
  fsSync.writeSync(1, JSON.stringify({ result }))
} catch (error) {
  const { code, kind, message } = error as { code?: string; kind?: string; message: string }
  fsSync.writeSync(1, JSON.stringify({ error: { code, kind, message } }))
}
