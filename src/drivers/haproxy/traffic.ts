import type { Color } from '../../domain/color.ts'
import { refusal } from '../../domain/errors.ts'
import type { EdgeCounters, EdgeRemains } from '../../ports/edge.ts'
import type { Host } from './host.ts'
import { backendName } from './layout.ts'
import { ask } from './look.ts'
import { isSocketError } from './master.ts'
import { unknown } from './tell.ts'

const TRIES = 3
const STATS_TIMEOUT_MS = 1_500
/** Types of rows in `show stat`: a bit mask (management guide §9.3). */
const BACKENDS = 2
const SERVERS = 4

type Row = { readonly [column: string]: string }

/** Counted by the edge itself, per color, since its worker started. */
export async function counters(host: Host, color: Color): Promise<EdgeCounters> {
  const { rows, worker } = await stats(host, color, BACKENDS)
  const sum = (column: string) => rows.reduce((total, row) => total + Number(row[column] ?? 0), 0)
  const requests = sum('req_tot')
  const weighted = rows.reduce((total, row) => total + Number(row.rtime ?? 0) * Number(row.req_tot ?? 0), 0)
  return {
    worker,
    requests,
    serverErrors: sum('hrsp_5xx'),
    responseMs: requests === 0 ? 0 : Math.round(weighted / requests),
  }
}

/** `scur` of the servers: pooled idle connections to them are not in it (research/haproxy.md §13). */
export async function remains(host: Host, color: Color): Promise<EdgeRemains> {
  const { rows } = await stats(host, color, SERVERS)
  return { sessions: rows.reduce((total, row) => total + Number(row.scur ?? 0), 0) }
}

export async function closeSessions(host: Host, color: Color): Promise<void> {
  const answer = await ask(host)
  if (answer?.state?.live === color)
    throw refusal(`the sessions of ${color} are not closed: it is live`, {
      code: 'color-is-live',
      hint: 'backflip status',
    })
  const { rows } = await stats(host, color, SERVERS)
  for (const row of rows) await admin(host, `shutdown sessions server ${row.pxname ?? ''}/${row.svname ?? ''}`)
}

async function stats(
  host: Host,
  color: Color,
  type: number,
): Promise<{ readonly rows: readonly Row[]; readonly worker: number }> {
  const answer = await ask(host)
  const components = (answer?.servers ?? []).filter((one) => one.color === color).map(({ component }) => component)
  const backends = components.map((component) => backendName(host.layout.key, color, component))
  const line = ['show info', ...backends.map((name) => `show stat ${name} ${type} -1`)].join(';')
  for (let tries = 1; ; tries += 1) {
    const text = await admin(host, line)
    const rows = parseStats(text).filter((row) => backends.includes(row.pxname ?? ''))
    const told = new Set(rows.map((row) => row.pxname))
    // HAProxy answers each command by itself, and on some ways the last of them can be lost (ports/transport.ts).
    if (backends.some((name) => !told.has(name)) && tries < TRIES) continue
    return { rows, worker: Number(/^Pid: (\d+)$/m.exec(text)?.[1] ?? answer?.worker ?? 0) }
  }
}

/** The CSV blocks of one or more `show stat`: each begins with its own header line. */
export function parseStats(text: string): readonly Row[] {
  let columns: readonly string[] = []
  return text.split('\n').flatMap((line): Row[] => {
    if (line.startsWith('# pxname')) {
      columns = line.slice(2).split(',')
      return []
    }
    if (columns.length === 0 || !line.includes(',')) return []
    const values = line.split(',')
    return [Object.fromEntries(columns.map((column, index) => [column, values[index] ?? '']))]
  })
}

async function admin({ transport, layout }: Host, line: string): Promise<string> {
  try {
    return await transport.askSocket(layout.adminSocket, `${line}\n`, { timeoutMs: STATS_TIMEOUT_MS })
  } catch (error) {
    if (isSocketError(error)) throw unknown('the edge does not answer on its admin socket', error)
    throw error
  }
}
