import { readFileSync } from 'node:fs'
import { release } from '../shared/release.js'
import { sendJson, serve } from '../shared/serve.js'

const page = readFileSync(new URL('./index.html', import.meta.url), 'utf8')
  .replaceAll('{{sha}}', release.sha)
  .replaceAll('{{color}}', release.color)

serve({
  routes: {
    'GET /': (_request, _url, response) => {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-length': Buffer.byteLength(page) })
      response.end(page)
    },
    'GET /healthz': (_request, _url, response) => sendJson(response, 200, { component: 'web' }),
  },
})
