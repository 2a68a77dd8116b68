import { createServer } from 'node:net'

const HOST = '127.0.0.1'
const MAX_TRIES = 200
/** Below the ports that a system hands out for connections, so that a client of somebody else does not take one meanwhile. */
const LOWEST = 12_000
const HIGHEST = 30_000

/** A port of loopback where nobody listens. HAProxy would share one with another HAProxy without a word. */
export async function freePort(): Promise<number> {
  return freePortRange(1)
}

/** The first of `count` such ports in a row. */
export async function freePortRange(count: number): Promise<number> {
  for (let tried = 0; tried < MAX_TRIES; tried += 1) {
    const first = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST - count))
    const ports = Array.from({ length: count }, (_one, at) => first + at)
    const free = await Promise.all(ports.map(isFree))
    if (free.every((one) => one)) return first
  }
  throw new Error(`no ${count} free ports in a row on ${HOST}`)
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    // Without exclusive use of the address a listener with SO_REUSEPORT would not be noticed.
    server.listen({ host: HOST, port, exclusive: true }, () => server.close(() => resolve(true)))
  })
}
