import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { startTraffic, summarize } from './traffic.ts'

const live = { sha: 'a'.repeat(40), color: 'blue' }
const other = { sha: 'b'.repeat(40), color: 'green' }
const flips = [{ to: live, startedAt: 0, acknowledgedAt: 0 }]

const stops: (() => void)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

/** Keep-alive connections only, against a server that answers as told, until enough was answered. */
async function summaryOf(answer: RequestListener) {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  stops.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const traffic = startTraffic({ url, keepAlive: 2, fresh: 1, slow: 0, events: 0, sockets: 0, requestsPerSecond: 200 })
  while (traffic.answered() < 40) await new Promise((resolve) => setTimeout(resolve, 20))
  return summarize((await traffic.stop()).records(), { flips, bad: [] })
}

/** As the example answers, for the questions that have JSON answers; what `change` makes of it goes out. */
const json =
  (change: (body: { [key: string]: unknown }) => string): RequestListener =>
  (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://app')
      const sent = chunks.length === 0 ? {} : JSON.parse(Buffer.concat(chunks).toString())
      const text =
        url.pathname === '/'
          ? `<html lang="en" data-sha="${live.sha}" data-color="${live.color}">\n</html>\n`
          : change({ ...live, echo: sent.item ?? url.searchParams.get('text') })
      response.writeHead(200, { 'content-length': Buffer.byteLength(text) }).end(text)
    })
  }

describe('the traffic notices', () => {
  it('nothing, where all is well', async () => {
    const summary = await summaryOf(json((body) => JSON.stringify(body)))
    expect(summary).toMatchObject({ failed: 0, wrongColor: 0 })
    expect(summary.bySha[live.sha]).toBe(summary.sent)
  })

  it('an answer to somebody else’s question', async () => {
    const { failed } = await summaryOf(json((body) => JSON.stringify({ ...body, echo: 'something' })))
    expect(failed).toBeGreaterThan(5)
  })

  it('an answer of another release, although its status is 200', async () => {
    const summary = await summaryOf(json((body) => JSON.stringify({ ...body, ...other })))
    expect(summary.failed).toBe(0)
    expect(summary.wrongColor).toBeGreaterThan(5)
  })

  it('an answer that does not say who it is from', async () => {
    const { failed } = await summaryOf(json(() => '{}'))
    expect(failed).toBeGreaterThan(5)
  })

  it('an error, and a connection that is cut', async () => {
    const errors = await summaryOf((_request, response) => response.writeHead(503).end('no'))
    expect(errors.failed).toBe(errors.sent)
    const cut = await summaryOf((request) => request.socket.destroy())
    expect(cut.failed).toBe(cut.sent)
  })
})
