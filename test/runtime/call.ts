import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { readStat, scanProcesses } from '../../src/drivers/process/process-table.ts'
import type { CallerJob } from './caller.ts'
import type { ProcessWorld } from './process-world.ts'

export interface Called {
  readonly child: ChildProcess
  readonly ended: Promise<{
    readonly signal: string | null
    readonly said: { result?: unknown; error?: { code: string; kind: string; message: string } } | null
  }>
}

let calls = 0

/** Starts `caller.ts` on a world. */
export async function call(world: ProcessWorld, job: Omit<CallerJob, 'options'>): Promise<Called> {
  calls += 1
  const file = join(world.folder, `job-${calls}.json`)
  await writeFile(file, JSON.stringify({ options: world.options, ...job }))
  const child = spawn(process.execPath, [fileURLToPath(new URL('./caller.ts', import.meta.url)), file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.on('data', (piece: Buffer) => {
    text += piece.toString()
  })
  const ended: Called['ended'] = new Promise((done) => {
    child.once('close', (_code, signal) => done({ signal, said: text === '' ? null : JSON.parse(text) }))
  })
  return { child, ended }
}

/** The fault's own word that it happened. */
export function faultIn(world: ProcessWorld, path: string, what: 'die' | 'stop' | 'no-room') {
  const reached = join(world.folder, `reached-${path}-${what}`)
  return { path, what, reached, wasReached: () => existsSync(reached) }
}

/** Pids of all that carries the mark of this world's state folder, leaders of a group only. */
export function leadersOf(world: ProcessWorld): readonly number[] {
  return scanProcesses(world.stateFolder).flatMap(({ pid, group }) => (pid === group ? [pid] : []))
}

/** A zombie is not there: it waits for a parent that may never ask, and does nothing. */
export function isThere(pid: number): boolean {
  return readStat(pid)?.living === true
}

export async function eventually(what: () => unknown): Promise<void> {
  await expect.poll(what, { timeout: 10_000, interval: 20 }).toBeTruthy()
}
