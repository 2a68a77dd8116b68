import { setTimeout as sleep } from 'node:timers/promises'
import { sendJson, serve } from '../shared/serve.js'
import { clientAddress } from './client-address.js'
import { health } from './health.js'
import { readJson } from './read-json.js'

const SLOW_MS = 3_000

let orders = 0

serve({
  routes: {
    'GET /api/health': (_request, _url, response) => {
      const { status, ...body } = health()
      sendJson(response, status, { component: 'backend', ...body })
    },
    'GET /api/echo': (request, url, response) =>
      sendJson(response, 200, { echo: url.searchParams.get('text'), client: clientAddress(request) }),
    'GET /api/slow': async (request, url, response) => {
      await sleep(SLOW_MS)
      sendJson(response, 200, { echo: url.searchParams.get('text'), client: clientAddress(request) })
    },
    'POST /api/orders': async (request, _url, response) => {
      const { item } = await readJson(request)
      orders += 1
      sendJson(response, 200, { echo: item, order: orders, client: clientAddress(request) })
    },
  },
})
