import { BackflipError } from '../../domain/errors.ts'
import type { Host } from './host.ts'
import { readText } from './host.ts'

const START_LIMIT_MS = 10_000
const STOP_LIMIT_MS = 5_000
const PAUSE_MS = 10
const COMMAND_TIMEOUT_MS = 2_000

interface ProcessRecord {
  readonly pid: number
  /** Field 22 of /proc/<pid>/stat: a pid alone may be somebody else's by now. */
  readonly start: string
}

async function startOf(host: Host, pid: number): Promise<string | null> {
  return (await statOf(host, pid))?.[19] ?? null
}

async function parentOf(host: Host, pid: number): Promise<number | null> {
  const parent = (await statOf(host, pid))?.[1]
  return parent === undefined ? null : Number(parent)
}

/** Fields of /proc/<pid>/stat from the third on (proc(5)): the second may hold anything. Null when it is gone or a zombie. */
async function statOf(host: Host, pid: number): Promise<readonly string[] | null> {
  const stat = await readText(host, `/proc/${pid}/stat`)
  if (stat === null) return null
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' ? null : fields
}

/** Pid of the HAProxy master that we started, if it is that process still. */
export async function runningPid(host: Host): Promise<number | null> {
  const text = await readText(host, host.layout.processRecord)
  if (text === null) return null
  const record = parseRecord(text)
  return record !== null && (await startOf(host, record.pid)) === record.start ? record.pid : null
}

/**
 * The same, also when its record was lost or never written (we were killed right after the start): found by its command line, which names our
 * master socket, and written down. A second HAProxy beside it would share its port without an error (research/haproxy.md §16, 14).
 */
export async function findProcess(host: Host): Promise<number | null> {
  const recorded = await runningPid(host)
  if (recorded !== null) return recorded
  const pattern = `-S ${host.layout.masterSocket.replace(/[.+]/g, '\\$&')}( |$)`
  const { stdout } = await host.transport.run(['pgrep', '-f', '--', pattern], { timeoutMs: COMMAND_TIMEOUT_MS })
  const pids = stdout.split('\n').flatMap((line) => (/^\d+$/.test(line) ? [Number(line)] : []))
  for (const pid of pids) {
    const parent = await parentOf(host, pid)
    const start = await startOf(host, pid)
    // Workers carry the master's command line; only the master's parent is somebody else.
    if (parent === null || start === null || pids.includes(parent)) continue
    await writeRecord(host, { pid, start })
    return pid
  }
  return null
}

async function writeRecord({ transport, layout }: Host, record: ProcessRecord): Promise<void> {
  await transport.writeFileAtomic(layout.processRecord, `${JSON.stringify(record)}\n`)
}

function parseRecord(text: string): ProcessRecord | null {
  try {
    const { pid, start } = JSON.parse(text) as Partial<ProcessRecord>
    return Number.isInteger(pid) && typeof start === 'string' && pid !== undefined && pid > 1 ? { pid, start } : null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

/** Starts HAProxy as master and worker, in a session of its own, and waits until `isUp`. */
export async function startProcess(host: Host, isUp: () => Promise<boolean>): Promise<void> {
  const { transport, layout, config, clock } = host
  const argv = [config.binary, '-W', '-S', layout.masterSocket, ...layout.configFiles.flatMap((file) => ['-f', file])]
  const { pid } = await transport.spawnDetached(argv, { log: layout.log })
  const start = await startOf(host, pid)
  await writeRecord(host, { pid, start: start ?? '' })
  const begun = clock.monotonicMs()
  while (!(await isUp())) {
    if ((await startOf(host, pid)) === null) throw await notStarted(host, 'HAProxy ended while it started')
    if (clock.monotonicMs() - begun >= START_LIMIT_MS)
      throw await notStarted(host, `HAProxy did not serve within ${START_LIMIT_MS} ms`)
    await clock.sleep(PAUSE_MS)
  }
}

async function notStarted(host: Host, message: string): Promise<BackflipError> {
  const log = (await readText(host, host.layout.log)) ?? ''
  return new BackflipError(message, {
    code: 'edge-not-started',
    kind: 'failed',
    details: log.trimEnd().split('\n').slice(-10),
    hint: `read ${host.layout.log}`,
  })
}

/**
 * TERM, wait, KILL: only the process that is ours, and only while it is that one. Gone already is fine. A worker that is stopped (SIGSTOP)
 * does not see its master die, and would keep the port: it is killed as well.
 */
export async function stopProcess(host: Host): Promise<void> {
  const master = await findProcess(host)
  if (master !== null) {
    const workers = await childrenOf(host, master)
    await signal(host, '-TERM', master)
    await waitUntilGone(host, master)
    if ((await runningPid(host)) === master) {
      await signal(host, '-KILL', master)
      await waitUntilGone(host, master)
    }
    for (const worker of workers) await endWorker(host, worker)
  }
  await host.transport.remove(host.layout.processRecord)
}

/** A signal is delivered in its own time: the port is free when the worker is gone. */
async function endWorker(host: Host, { pid, start }: ProcessRecord): Promise<void> {
  const isThere = async () => (await startOf(host, pid)) === start
  if (!(await isThere())) return
  await signal(host, '-KILL', pid)
  const begun = host.clock.monotonicMs()
  while ((await isThere()) && host.clock.monotonicMs() - begun < STOP_LIMIT_MS) await host.clock.sleep(PAUSE_MS)
}

async function signal({ transport }: Host, name: string, pid: number): Promise<void> {
  await transport.run(['kill', name, String(pid)], { timeoutMs: COMMAND_TIMEOUT_MS })
}

async function childrenOf(host: Host, pid: number): Promise<readonly ProcessRecord[]> {
  const text = (await readText(host, `/proc/${pid}/task/${pid}/children`)) ?? ''
  const pids = text.split(' ').flatMap((word) => (/^\d+$/.test(word) ? [Number(word)] : []))
  const children = await Promise.all(pids.map(async (child) => ({ pid: child, start: await startOf(host, child) })))
  return children.flatMap(({ pid: child, start }) => (start === null ? [] : [{ pid: child, start }]))
}

async function waitUntilGone(host: Host, pid: number): Promise<void> {
  const begun = host.clock.monotonicMs()
  while ((await runningPid(host)) === pid && host.clock.monotonicMs() - begun < STOP_LIMIT_MS)
    await host.clock.sleep(PAUSE_MS)
}
