import { BackflipError } from '../../domain/errors.ts'
import type { Host } from './host.ts'
import { readText } from './host.ts'

const START_LIMIT_MS = 10_000
const STOP_LIMIT_MS = 5_000
const PAUSE_MS = 10

interface ProcessRecord {
  readonly pid: number
  /** Field 22 of /proc/<pid>/stat: a pid alone may be somebody else's by now. */
  readonly start: string
}

async function startOf(host: Host, pid: number): Promise<string | null> {
  const stat = await readText(host, `/proc/${pid}/stat`)
  if (stat === null) return null
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' ? null : (fields[19] ?? null)
}

/** Pid of the HAProxy master that we started, if it is that process still. */
export async function runningPid(host: Host): Promise<number | null> {
  const text = await readText(host, host.layout.processRecord)
  if (text === null) return null
  const record = parseRecord(text)
  return record !== null && (await startOf(host, record.pid)) === record.start ? record.pid : null
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
  await transport.writeFileAtomic(layout.processRecord, `${JSON.stringify({ pid, start: start ?? '' })}\n`)
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

/** TERM, wait, KILL: only the process that we recorded, and only while it is that one. Gone already is fine. */
export async function stopProcess(host: Host): Promise<void> {
  for (const signal of ['-TERM', '-KILL']) {
    const pid = await runningPid(host)
    if (pid === null) break
    await host.transport.run(['kill', signal, String(pid)], { timeoutMs: 2_000 })
    await waitUntilGone(host, pid)
  }
  await host.transport.remove(host.layout.processRecord)
}

async function waitUntilGone(host: Host, pid: number): Promise<void> {
  const begun = host.clock.monotonicMs()
  while ((await runningPid(host)) === pid && host.clock.monotonicMs() - begun < STOP_LIMIT_MS)
    await host.clock.sleep(PAUSE_MS)
}
