import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { incusClient } from '../../src/drivers/incus/client.ts'
import { createInstance, getInstance } from '../../src/drivers/incus/instances.ts'
import { parseInstanceName, parseProjectName } from '../../src/drivers/incus/names.ts'
import { BED_PREFIX, BEDS_FOLDER, socketOf } from './bed/bed.ts'
import { runProgram } from './bed/run-program.ts'
import { sweepDeadBeds } from './bed/sweep.ts'

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url))
const name = parseInstanceName('left-behind')

interface Started {
  readonly child: ChildProcess
  readonly folder: string
  readonly ended: Promise<unknown>
}

/** A run of its own with a running container in it. */
async function startRun(): Promise<Started> {
  const env = { ...process.env, BACKFLIP_TEST_INCUS_DEBIAN: 'no' }
  // When this test itself is ended, its run is too.
  const argv = ['--pdeathsig', 'TERM', process.execPath, MAIN, '--fresh', 'exec', 'sleep', '300']
  const child = spawn('setpriv', argv, { env, stdio: 'ignore' })
  const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code)))
  const folder = `${BEDS_FOLDER}/${BED_PREFIX}${child.pid}`
  while (!(await isAsleep(child.pid ?? 0))) await wait(100)
  const client = incusClient({ place: { socket: socketOf({ folder }) }, project: parseProjectName('default') })
  await createInstance(client, { name, source: { image: 'bb' }, start: true })
  expect(await getInstance(client, name)).toMatchObject({ status: 'Running' })
  client.close()
  return { child, folder, ended }
}

/** Its program runs once the bed is ready. */
async function isAsleep(parent: number): Promise<boolean> {
  const children = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').trim().split(' ')
  // Its name too: before its exec(2) a child carries the arguments of its parent.
  return children.some((pid) => commandOf(pid).split('\u0000')[0] === 'sleep')
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ESRCH') return ''
    throw error
  }
}

function processesOf(folder: string): readonly string[] {
  const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))
  return pids.map(commandOf).filter((command) => command.includes(folder))
}

/** The kernel tears down in its own time. */
async function untilGone(folder: string): Promise<void> {
  for (let tries = 0; tries < 100 && processesOf(folder).length > 0; tries += 1) await wait(50)
  expect(processesOf(folder)).toEqual([])
  const loops = () => runProgram(['losetup', '--list', '--noheadings', '--output', 'BACK-FILE'], { limitMs: 10_000 })
  for (let tries = 0; tries < 100 && (await loops()).includes(folder); tries += 1) await wait(50)
  expect(await loops()).not.toContain(folder)
}

describe('a run of these tests leaves nothing behind', () => {
  it('when it is told to end', async () => {
    const { child, folder, ended } = await startRun()
    expect(processesOf(folder).length).toBeGreaterThan(0)
    child.kill('SIGTERM')
    expect(await ended).not.toBe(0)
    await untilGone(folder)
    expect(existsSync(folder)).toBe(false)
  })

  it('when it is killed: the kernel ends what ran, the next run removes the folder', async () => {
    const { child, folder, ended } = await startRun()
    child.kill('SIGKILL')
    expect(await ended).toBe('SIGKILL')
    await untilGone(folder)
    expect(existsSync(folder)).toBe(true)
    sweepDeadBeds()
    expect(existsSync(folder)).toBe(false)
  })
})
