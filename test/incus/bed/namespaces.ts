import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const INSIDE = fileURLToPath(new URL('./inside.sh', import.meta.url))
const READY_LIMIT_MS = 10_000
const PAUSE_MS = 20

export interface Namespaces {
  readonly initPid: number
  /** Ends every process in the bed at once; the kernel takes mounts, loop devices and network with them. */
  end(): Promise<void>
}

/**
 * Network, mounts and processes of a bed, below one process that dies with us however we die (`--pdeathsig`, `--kill-child`). A session of its
 * own: Ctrl-C reaches us alone, so that the order of the end is ours.
 */
export async function makeNamespaces(folder: string): Promise<Namespaces> {
  const argv = ['--pdeathsig', 'KILL', 'unshare', '--net', '--mount', '--pid', '--fork', '--kill-child', 'sh', INSIDE]
  const child = spawn('setpriv', [...argv, folder], { detached: true, stdio: ['ignore', 'inherit', 'inherit'] })
  const { pid } = child
  await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject))
  const begun = performance.now()
  while (!existsSync(`${folder}/ready`)) {
    if (child.exitCode !== null) throw new Error(`the bed's process 1 ended with ${child.exitCode}`)
    if (performance.now() - begun > READY_LIMIT_MS) throw new Error(`no namespaces within ${READY_LIMIT_MS} ms`)
    await wait(PAUSE_MS)
  }
  return { initPid: Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()), end: () => end(child) }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await ended
}
