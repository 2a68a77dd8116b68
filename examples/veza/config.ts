import {
  EDGE_FOLDER,
  haproxyOf,
  MASTER_SOCKET,
  OPERATORS_CONFIG,
  ourConfig,
  type Place,
  postgresOf,
  prefixOf,
} from './place.ts'

/** The `backflip.yaml` of the example, with the environments that are given. */
export function vezaConfig(places: readonly Place[]): string {
  return `# Component containers per color, HAProxy and PostgreSQL in containers of their own: a runbook's set-up, as one file.
# Written by create.ts, which makes the containers.
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
  timeout: 1m
  lockTimeout: 2s

environments:
${places.map(environment).join('')}`
}

function environment(place: Place): string {
  const { environment: name, socket, project, image, network, subnet, gateway, prefixLength, postgresVersion } = place
  const haproxy = haproxyOf(place)
  const postgres = postgresOf(place)
  return `  ${name}:
    incus: { socket: ${socket}, project: ${project} }
    edge:
      mode: attached
      bind: "*:80"
      public: http://${haproxy.address}
      folder: ${EDGE_FOLDER}
      configFiles: [${OPERATORS_CONFIG}, ${ourConfig(place)}]
      masterSocket: ${MASTER_SOCKET}
      adminSocket: /run/haproxy/admin.sock
      transport: { driver: incus, instance: ${haproxy.name} }
      maintenance: { retryAfter: 30s, healthPaths: [/monitor] }
    runtime:
      driver: incus
      image: ${image}
      name: "${prefixOf(place)}-{component}-{color}"
      port: 8080
      folder: /opt/veza
      addresses: { range: ${subnet}.50-${subnet}.80, gateway: ${gateway}, prefix: ${prefixLength} }
      network: { name: ${network} }
    environment:
      PGHOST: ${postgres.address}
      PGUSER: veza
      PGDATABASE: veza
      PGCONNECT_TIMEOUT: "3"
    registry: { path: ./registry }
    check: { consecutive: 2, interval: 100ms, limit: 30s }
    verify: { bake: 2s, interval: 200ms, minRequests: 20 }
    data:
      postgres:
        kind: postgres
        instance: ${postgres.name}
        database: veza
        dataFolder: /var/lib/postgresql/${postgresVersion}/main
        control:
          start: [pg_ctlcluster, "${postgresVersion}", main, start]
          stop: [pg_ctlcluster, "${postgresVersion}", main, stop, -m, fast]
    snapshots: { minFree: 64MiB }
`
}
