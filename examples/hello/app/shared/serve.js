import { createServer } from 'node:http'
import { release } from './release.js'

const MAX_LOGGED_ERRORS = 20

/**
 * An HTTP server on `PORT` of loopback, with `routes` from `METHOD /path` to a handler `(request, url) => answer`. A handler that throws gets
 * a 500 that still says who answered. `upgrade` takes what is no plain request. TERM: no new connections, what runs is finished, then the end.
 */
export function serve({ routes, upgrade, onStop }) {
  let logged = 0
  const answer = async (request, response) => {
    try {
      const url = new URL(request.url, 'http://app')
      const handler = routes[`${request.method} ${url.pathname}`]
      if (handler === undefined) return sendJson(response, 404, { error: 'no such path' })
      await handler(request, url, response)
    } catch (error) {
      logged += 1
      if (logged <= MAX_LOGGED_ERRORS) console.error(error)
      if (response.headersSent) response.destroy()
      else sendJson(response, 500, { error: error.name })
    }
  }
  const server = createServer((request, response) => void answer(request, response))
  // Longer than HAProxy keeps an idle connection: the side that asks should be the one that closes.
  server.keepAliveTimeout = 75_000
  if (upgrade !== undefined) server.on('upgrade', upgrade)
  server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => console.log(`listening on ${server.address().port}`))
  const stop = () => {
    onStop?.()
    server.close(() => process.exit(0))
    server.closeIdleConnections()
    // Connections that were busy a moment ago are idle now.
    setInterval(() => server.closeIdleConnections(), 50).unref()
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  return server
}

export function sendJson(response, status, body) {
  const text = JSON.stringify({ ...release, ...body })
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
  response.end(text)
}
