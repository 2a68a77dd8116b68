import { Agent, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { type Answer, checkJson, parse } from '../../examples/hello/traffic/questions.ts'
import { now, type TrafficRecord } from '../../examples/hello/traffic/record.ts'

const HEALTH = ['/health', '/api/v1/health', '/stream/health']
/** Each asks so often, as far as the answers keep up: a hundred requests a second in all. */
const EVERY_MS = { health: 40, order: 80 }
const ORDER_CLIENTS = 2
const LIMIT_MS = 15_000
/** Then it stops by itself. */
const MAX_RECORDS = 50_000

export interface VezaTraffic {
  readonly records: readonly TrafficRecord[]
  /** Numbers of the orders that PostgreSQL has acknowledged. */
  readonly orders: readonly number[]
  /** Lets what is in flight finish. */
  stop(): Promise<void>
}

/** Every component asked on a connection that is kept, and orders placed on fresh ones; who answered is read from the body. */
export function startVezaTraffic(url: string): VezaTraffic {
  const records: TrafficRecord[] = []
  const orders: number[] = []
  let isOver = false
  const client = async (kind: 'keep-alive' | 'fresh', path: string, everyMs: number) => {
    const agent = kind === 'fresh' ? false : new Agent({ keepAlive: true, maxSockets: 1 })
    while (!isOver && records.length < MAX_RECORDS) {
      const due = now() + everyMs
      records.push(await ask(kind, `${url}${path}`, agent, orders))
      await wait(Math.max(0, due - now()))
    }
    if (agent !== false) agent.destroy()
  }
  const work = Promise.all([
    ...HEALTH.map((path) => client('keep-alive', path, EVERY_MS.health)),
    ...Array.from({ length: ORDER_CLIENTS }, () => client('fresh', '/cgi-bin/orders', EVERY_MS.order)),
  ])
  return {
    records,
    orders,
    async stop() {
      isOver = true
      await work
    },
  }
}

async function ask(
  kind: 'keep-alive' | 'fresh',
  url: string,
  agent: Agent | false,
  orders: number[],
): Promise<TrafficRecord> {
  const sentAt = now()
  try {
    const answer = await exchange(url, kind === 'fresh' ? 'POST' : 'GET', agent)
    const { who, wrong } = checkJson(answer, {})
    if (kind === 'fresh' && wrong === null) orders.push(Number(parse(answer.body)?.order))
    return { kind, sentAt, doneAt: now(), who, wrong }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return { kind, sentAt, doneAt: now(), who: null, wrong: code ?? message }
  }
}

function exchange(url: string, method: 'GET' | 'POST', agent: Agent | false): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asking = request(url, { method, agent, timeout: LIMIT_MS }, (answer) => {
      text(answer).then((body) => {
        // A script's answer has no length: busybox ends it by closing.
        const contentLength = answer.headers['content-length'] ?? String(Buffer.byteLength(body))
        resolve({ status: answer.statusCode ?? 0, contentLength, body })
      }, reject)
    })
    asking.on('timeout', () => asking.destroy(new Error('no answer in time')))
    asking.on('error', reject)
    asking.end()
  })
}
