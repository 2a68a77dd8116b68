import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { processStart } from '../../../src/lib/proc.ts'
import { type Bed, enter, incusFolder } from './bed.ts'
import { runProgram } from './run-program.ts'

const GONE_LIMIT_MS = 10_000
const PAUSE_MS = 10

/** Starts incusd in the bed and waits until it answers. It outlives whoever starts it, as long as the bed lives. */
export async function startDaemon(bed: Pick<Bed, 'folder' | 'initPid'>): Promise<void> {
  const folder = incusFolder(bed)
  // An empty folder of templates drops the hook of lxcfs that sleeps 0.5 s at every stop (research/incus.md §10, 2).
  const templates = `${folder}/lxc.conf.d-none`
  mkdirSync(`${templates}/common.conf.d`, { recursive: true, mode: 0o711 })
  const [program, ...args] = enter(bed, 'all')
  const child = spawn(program, [...args, 'incusd', '--group', 'root', `--logfile=${logOf(folder)}`], {
    detached: true,
    stdio: 'ignore',
    env: { ...daemonEnvironment(folder), INCUS_LXC_TEMPLATE_CONFIG: templates, INCUS_SKIP_INSTANCE_TYPES: '1' },
  })
  child.unref()
  await runProgram(['incusd', 'waitready', '--timeout=60'], { env: daemonEnvironment(folder), limitMs: 65_000 })
}

/** After a test that killed it and failed before it was back: the others need it. */
export async function ensureDaemon(bed: Pick<Bed, 'folder' | 'initPid'>): Promise<void> {
  if (daemonPid(bed) === null) await startDaemon(bed)
}

/** Stops every instance, then the daemon. */
export async function shutDaemonDown(bed: Pick<Bed, 'folder' | 'initPid'>): Promise<void> {
  const argv = [...enter(bed, 'all'), 'incusd', 'shutdown', '--timeout', '20', '--force']
  await runProgram(argv, { env: daemonEnvironment(incusFolder(bed)), limitMs: 30_000 })
}

/**
 * `kill -9`: containers keep serving (research/incus.md §7). Resolves when it is reaped: a process loses its command line before it closes its
 * sockets, and until then it can still be connected to.
 */
export async function killDaemon(bed: Pick<Bed, 'folder'>): Promise<void> {
  const pid = daemonPid(bed)
  if (pid === null) throw new Error('there is no daemon to kill')
  process.kill(pid, 'SIGKILL')
  const begun = performance.now()
  while (processStart(pid) !== null) {
    if (performance.now() - begun > GONE_LIMIT_MS) throw new Error(`incusd ${pid} does not go away`)
    await wait(PAUSE_MS)
  }
}

/** Host pid of the daemon itself, found by its log's name: its helpers have other arguments. Null when there is none. */
export function daemonPid(bed: Pick<Bed, 'folder'>): number | null {
  const mark = `--logfile=${logOf(incusFolder(bed))}`
  const found = readdirSync('/proc').find((name) => {
    if (!/^\d+$/.test(name)) return false
    const argv = readArgv(name)
    return argv[0] === 'incusd' && argv.includes(mark)
  })
  return found === undefined ? null : Number(found)
}

function readArgv(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ESRCH') return []
    throw error
  }
}

function logOf(folder: string): string {
  return `${folder}/incusd.log`
}

/** incusd lives in /usr/libexec/incus, and calls itself and its helpers by PATH (research/incus.md §1.3). */
export function daemonEnvironment(folder: string): { readonly [name: string]: string } {
  return { PATH: '/usr/libexec/incus:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', INCUS_DIR: folder }
}
