/** What `backflip init` writes: small, commented, and a configuration (a test says so). docs/reference/config.md has every key. */
export const TEMPLATE = `# Backflip: blue/green deploys that can always flip back.
app: hello

components:
  web:
    # A list: there is no shell. The port to listen on is in the variable PORT, the release in BACKFLIP_SHA.
    command: [node, server.js]
    routes: [{ path: / }]
    health:
      # A GET that answers 200 when the instance is well, with the release in it: {"sha": "<BACKFLIP_SHA>"}
      path: /healthz
      release: { json: sha }
    environment:
      LOG_LEVEL: info
      # Secrets by reference only: read where the instance starts, never written down.
      # DATABASE_URL: { env: DATABASE_URL }

environments:
  local:
    edge: { bind: "127.0.0.1:8080" }
    runtime: { ports: 20000-20099 }
    registry: { path: ./registry }
    check: { consecutive: 3, interval: 500ms, limit: 60s }
    verify: { bake: 30s, minRequests: 50, maxErrorRate: 0.02 }
`
