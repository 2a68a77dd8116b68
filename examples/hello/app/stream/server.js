import { sendJson, serve } from '../shared/serve.js'
import { closeAllEvents, openEvents } from './events.js'
import { closeAllSockets, openSocket } from './websocket.js'

serve({
  routes: {
    'GET /events': (request, _url, response) => openEvents(request, response),
    'GET /stream/health': (_request, _url, response) => sendJson(response, 200, { component: 'stream' }),
  },
  upgrade: openSocket,
  onStop: () => {
    closeAllEvents()
    closeAllSockets()
  },
})
