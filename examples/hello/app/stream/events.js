import { release } from '../shared/release.js'

const INTERVAL_MS = 250

const open = new Set()

/** Server-sent events: one now, then one every 250 ms, counted per connection, until somebody goes. */
export function openEvents(request, response) {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  let n = 0
  const send = () => {
    n += 1
    response.write(`data: ${JSON.stringify({ ...release, n })}\n\n`)
  }
  send()
  const timer = setInterval(send, INTERVAL_MS)
  open.add(response)
  request.once('close', () => {
    clearInterval(timer)
    open.delete(response)
  })
}

export function closeAllEvents() {
  for (const response of open) response.end()
}
