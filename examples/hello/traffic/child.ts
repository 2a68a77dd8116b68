/** The process that asks: of its own, so that nobody else's work is in its clock. Its parent starts it, and it ends with its parent. */

import { freshClient, keepAliveClient, slowClient } from './http-clients.ts'
import { packer } from './record.ts'
import { eventsClient, socketClient } from './stream-clients.ts'

/** What the parent sends first. */
export interface TrafficAsk {
  readonly url: string
  readonly keepAlive: number
  readonly fresh: number
  readonly slow: number
  readonly events: number
  readonly sockets: number
  /** Of keep-alive and fresh connections together. */
  readonly requestsPerSecond: number
  /** Then it stops by itself: what is kept has a limit. */
  readonly maxRecords: number
}

const BATCH_EVERY_MS = 100
/** Keep-alive connections ask more often than fresh ones, each of which costs a handshake. */
const FRESH_SHARE = 0.15

process.once('message', (ask: TrafficAsk) => {
  run(ask).then(
    () => process.disconnect(),
    (error: unknown) => {
      console.error(error)
      process.exit(1)
    },
  )
})
process.once('disconnect', () => process.exit(0))
// Ctrl-C reaches the whole group; the parent decides when the traffic ends.
process.on('SIGINT', () => undefined)

async function run(ask: TrafficAsk): Promise<void> {
  const { add, take } = packer()
  const stop = new AbortController()
  let left = ask.maxRecords
  const client = {
    url: new URL(ask.url),
    signal: stop.signal,
    record: (record: Parameters<typeof add>[0]) => {
      left -= 1
      if (left >= 0) add(record)
      if (left <= 0) stop.abort()
    },
  }
  process.once('message', () => stop.abort())
  const timer = setInterval(() => process.send?.(take()), BATCH_EVERY_MS)
  const times = <T>(count: number, start: () => Promise<T>) => Array.from({ length: count }, start)
  const every = (connections: number, share: number) => (connections * 1_000) / (ask.requestsPerSecond * share)
  await Promise.all([
    ...times(ask.keepAlive, () => keepAliveClient(client, every(ask.keepAlive, 1 - FRESH_SHARE))),
    ...times(ask.fresh, () => freshClient(client, every(ask.fresh, FRESH_SHARE))),
    ...times(ask.slow, () => slowClient(client)),
    ...times(ask.events, () => eventsClient(client)),
    ...times(ask.sockets, () => socketClient(client)),
  ])
  clearInterval(timer)
  await new Promise((resolve) => process.send?.(take(), resolve))
}
