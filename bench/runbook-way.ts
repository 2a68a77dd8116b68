import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../examples/hello/demo/free-ports.ts'
import { parseProcesses } from '../src/drivers/haproxy/master.ts'
import { localTransport } from '../src/drivers/local/transport.ts'
import type { Ports } from './flip.ts'
import { type FlipTime, nowMs, startLoad } from './load/load.ts'
import { type Figure, round, spread } from './stats.ts'

const FLIPS = 30
const PAUSE_MS = 150

/** What the runbook did: write the configuration anew with the other color, `haproxy -c`, swap, reload. Acknowledged when a new worker serves. */
export async function runbookWay(servers: Ports): Promise<readonly Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bf-'))
  const port = await freePort()
  const transport = localTransport()
  const file = join(folder, 'haproxy.cfg')
  const master = join(folder, 'master.sock')
  writeFileSync(file, template('blue', port, servers))
  const { pid } = await transport.spawnDetached(['haproxy', '-W', '-S', master, '-f', file], {
    log: join(folder, 'log'),
  })
  try {
    const workerNow = async () =>
      parseProcesses(await transport.askSocket(master, 'show proc\n', { timeoutMs: 1_000 }).catch(() => '')).worker
    await until(async () => (await workerNow()) !== null)
    const load = startLoad(port, 16)
    await until(async () => load.answers() > 100)
    const times: FlipTime[] = []
    for (let index = 0; index < FLIPS; index += 1) {
      const color = index % 2 === 0 ? 'green' : 'blue'
      const before = await workerNow()
      const begunMs = nowMs()
      await transport.writeFileAtomic(`${file}.new`, template(color, port, servers))
      const { exitCode, stderr } = await transport.run(['haproxy', '-c', '-f', `${file}.new`], { timeoutMs: 10_000 })
      if (exitCode !== 0) throw new Error(stderr)
      await transport.rename(`${file}.new`, file)
      await transport.askSocket(master, 'reload\n', { timeoutMs: 5_000 })
      await until(async () => {
        const worker = await workerNow()
        return worker !== null && worker !== before
      })
      times.push({ color, begunMs, ackMs: nowMs() })
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
    const { answers, failed, late } = await load.stop(times)
    const { median, p95 } = spread(times.map(({ begunMs, ackMs }) => ackMs - begunMs))
    return [
      {
        name: 'the runbook’s way: template, check, swap, reload',
        value: median,
        unit: 'ms',
        note: `${FLIPS} times, p95 ${p95}`,
      },
      {
        name: 'the runbook’s way: failed',
        value: failed,
        unit: 'requests',
        note: `of ${answers}; ${late} late; ${round(failed / FLIPS)} a flip`,
      },
    ]
  } finally {
    process.kill(pid, 'SIGTERM')
    await until(async () => (await transport.readFile(`/proc/${pid}/stat`)) === null)
    rmSync(folder, { recursive: true, force: true })
  }
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const end = nowMs() + 20_000
  while (!(await condition())) {
    if (nowMs() > end) throw new Error('it did not come true within 20 s')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

function template(color: 'blue' | 'green', port: number, servers: Ports): string {
  return `global
  nbthread 2
  maxconn 4000
  hard-stop-after 60s
defaults
  mode http
  timeout connect 2s
  timeout client 60s
  timeout server 60s
  timeout http-keep-alive 30s
frontend public
  bind 127.0.0.1:${port}
  default_backend ${color}
backend blue
  server one 127.0.0.1:${servers.blue} check inter 500ms
backend green
  server one 127.0.0.1:${servers.green} check inter 500ms
`
}
