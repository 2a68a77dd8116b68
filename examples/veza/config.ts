import { POSTGRES } from './create/provide-database.ts'
import {
  ADMIN_SOCKET,
  EDGE_FOLDER,
  haproxyOf,
  MASTER_SOCKET,
  OPERATORS_CONFIG,
  ourConfig,
  type Place,
  PREFIX_LENGTH,
  passwordFile,
  postgresOf,
  prefixOf,
} from './place.ts'

/** The `backflip.yaml` of the example, with the environments that are given. */
export function vezaConfig(places: readonly Place[]): string {
  return `# A runbook's set-up as one file: components in containers per color, HAProxy and PostgreSQL in containers of their own.
# Written by examples/veza/create.ts, which makes the containers.
app: veza

components:
  backend:
    command: [./run.sh, serve]
    routes: [{ path: /api }, { path: /cgi-bin/orders }]
    health: { path: /api/v1/health }
    stopTimeout: 3s
  stream:
    command: [./run.sh]
    routes: [{ path: /stream }, { path: /cgi-bin/events }]
    health: { path: /stream/health }
    stopTimeout: 3s
  web:
    command: [./run.sh]
    routes: [{ path: / }]
    health: { path: /health }
    stopTimeout: 3s

migrate:
  component: backend
  command: [./run.sh, migrate]
  check: [./run.sh, migrated]
  files: app/backend/migrations
  layout: plain
  transaction: file
  postgres: ${POSTGRES}
  timeout: 1m
  lockTimeout: 2s

environments:
${places.map(environment).join('')}`
}

function environment(place: Place): string {
  const { environment: name, socket, project, image, network, subnet, gateway } = place
  const [haproxy, postgres] = [haproxyOf(place), postgresOf(place)]
  return `  ${name}:
    incus: { socket: ${socket}, project: ${project} }
    edge:
      mode: attached
      bind: "*:80"
      public: http://${haproxy.address}
      folder: ${EDGE_FOLDER}
      configFiles: [${OPERATORS_CONFIG}, ${ourConfig(place)}]
      masterSocket: ${MASTER_SOCKET}
      adminSocket: ${ADMIN_SOCKET}
      transport: { driver: incus, instance: ${haproxy.name} }
      maintenance: { retryAfter: 30s, healthPaths: [/monitor] }
    runtime:
      driver: incus
      image: ${image}
      name: "${prefixOf(place)}-{component}-{color}"
      port: 8080
      folder: /opt/veza
      addresses: { range: ${subnet}.50-${subnet}.80, gateway: ${gateway}, prefix: ${PREFIX_LENGTH} }
      network: { name: ${network} }
    environment:
      PGHOST: ${postgres.address}
      PGUSER: veza
      PGDATABASE: veza
      PGCONNECT_TIMEOUT: "3"
      PGPASSWORD: { file: ${passwordFile(place)} }
    registry: { path: ./registry }
    check: { consecutive: 2, interval: 100ms, limit: 30s }
    verify: { bake: 3s, interval: 200ms, minRequests: 20 }   # without these keys: half a minute
    data:
      postgres:
        kind: postgres
        instance: ${postgres.name}
        database: veza
        dataFolder: /var/lib/postgresql/${POSTGRES}/main
        control:
          start: [pg_ctlcluster, "${POSTGRES}", main, start]
          stop: [pg_ctlcluster, "${POSTGRES}", main, stop, -m, fast]
        schemaVersionQuery: SELECT max(name) FROM migrations
    snapshots: { minFree: 64MiB }
`
}
