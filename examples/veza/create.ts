import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { vezaConfig } from './config.ts'
import { haproxyOf, MASTER_SOCKET, OPERATORS_CONFIG, ourConfig, type Place, postgresOf } from './place.ts'

/**
 * Makes the containers of the example from nothing, and a `backflip.yaml` for them in `--folder`:
 * `node examples/veza/create.ts --environment staging --image veza-base --network incusbr0 --subnet 10.88.7 --gateway 10.88.0.1 --folder veza`.
 * Needs `incus` on PATH, and an image with systemd, HAProxy, socat, PostgreSQL and busybox. Repeatable: what is there is left as it is.
 */

const { values } = parseArgs({
  options: {
    environment: { type: 'string', multiple: true, default: ['staging'] },
    socket: { type: 'string', default: '/var/lib/incus/unix.socket' },
    project: { type: 'string', default: 'default' },
    image: { type: 'string', default: 'veza-base' },
    network: { type: 'string', default: 'incusbr0' },
    subnet: { type: 'string', default: '10.88.7' },
    gateway: { type: 'string', default: '10.88.0.1' },
    prefix: { type: 'string', default: '16' },
    postgres: { type: 'string', default: '15' },
    folder: { type: 'string', default: 'veza' },
  },
})

const LIMIT_MS = 120_000
const BOOT_TRIES = 300

/** argv, never a shell; the daemon that `--socket` names. */
function incus(args: readonly string[], input = ''): { readonly code: number | null; readonly out: string } {
  const env = { ...process.env, INCUS_SOCKET: values.socket }
  const { status, stdout, stderr, error } = spawnSync('incus', [...args, '--project', values.project], {
    env,
    input,
    encoding: 'utf8',
    timeout: LIMIT_MS,
  })
  if (error !== undefined) throw error
  return { code: status, out: `${stdout}${status === 0 ? '' : stderr}` }
}

function must(args: readonly string[], input = ''): string {
  const { code, out } = incus(args, input)
  if (code !== 0) throw new Error(`incus ${args.join(' ')} ended with ${code}:\n${out}`)
  return out
}

const inside = (name: string, argv: readonly string[], input = '') => must(['exec', name, '-T', '--', ...argv], input)

/** A file in a container, with these words. */
function put(name: string, path: string, text: string): void {
  must(['file', 'push', '-', `${name}${path}`, '--create-dirs', '--mode', '0644'], text)
}

async function container(
  place: Place,
  { name, address }: { readonly name: string; readonly address: string },
): Promise<void> {
  if (incus(['config', 'get', name, 'volatile.uuid']).code !== 0) {
    const config = [`user.ipv4=${address}/${place.prefixLength}`, `user.gw=${place.gateway}`, 'boot.autostart=true']
    must(['init', place.image, name, '--quiet', ...config.flatMap((one) => ['-c', one])])
    must(['config', 'device', 'override', name, 'eth0', `ipv4.address=${address}`])
  }
  if (must(['list', name, '--format', 'csv', '-c', 's']).trim() !== 'RUNNING') must(['start', name])
  for (let tries = 1; ; tries += 1) {
    const state = incus(['exec', name, '-T', '--', 'systemctl', 'is-system-running']).out.trim()
    if (state === 'running' || state === 'degraded') return
    if (tries >= BOOT_TRIES) throw new Error(`${name} does not boot: ${state}`)
    await wait(100)
  }
}

/** HAProxy with a master socket, the operator's own configuration, and ours beside it, empty yet. */
async function edge(place: Place): Promise<void> {
  const haproxy = haproxyOf(place)
  await container(place, haproxy)
  put(haproxy.name, '/etc/default/haproxy', `EXTRAOPTS="-S ${MASTER_SOCKET} -f ${ourConfig(place)}"\n`)
  put(haproxy.name, OPERATORS_CONFIG, OPERATORS)
  if (incus(['exec', haproxy.name, '-T', '--', 'test', '-e', ourConfig(place)]).code !== 0)
    put(haproxy.name, ourConfig(place), '')
  inside(haproxy.name, ['systemctl', 'enable', '--quiet', 'haproxy'])
  inside(haproxy.name, ['systemctl', 'restart', 'haproxy'])
}

const OPERATORS = `global
  stats socket /run/haproxy/admin.sock mode 600 level admin
  hard-stop-after 60s
frontend operators-own
  mode http
  timeout client 5s
  bind 127.0.0.1:9
`

/** A database and a role that is no superuser, so that a restore can keep it away. */
async function database(place: Place): Promise<void> {
  const { name } = postgresOf(place)
  await container(place, postgresOf(place))
  inside(name, ['systemctl', 'enable', '--quiet', 'postgresql'])
  inside(name, ['systemctl', 'start', 'postgresql'])
  const sql = (text: string, of = 'postgres') =>
    inside(name, ['runuser', '-u', 'postgres', '--', 'psql', '-qAt', '-v', 'ON_ERROR_STOP=1', '-d', of, '-c', text])
  for (
    let tries = 1;
    incus(['exec', name, '-T', '--', 'pg_isready', '-q']).code !== 0 && tries < BOOT_TRIES;
    tries += 1
  )
    await wait(100)
  if (sql("SELECT 1 FROM pg_roles WHERE rolname = 'veza'").trim() === '') sql('CREATE ROLE veza LOGIN')
  if (sql("SELECT 1 FROM pg_database WHERE datname = 'veza'").trim() === '') sql('CREATE DATABASE veza OWNER veza')
  // An exact preview of a loss needs the log on disk.
  sql("ALTER SYSTEM SET wal_keep_size = '256MB'")
  put(name, `/etc/postgresql/${place.postgresVersion}/main/conf.d/veza.conf`, "listen_addresses = '*'\n")
  const access = `/etc/postgresql/${place.postgresVersion}/main/pg_hba.conf`
  const line = `host veza veza ${place.subnet}.0/24 trust`
  if (!inside(name, ['cat', access]).includes(line)) inside(name, ['tee', '-a', access], `${line}\n`)
  inside(name, ['pg_ctlcluster', place.postgresVersion, 'main', 'restart'])
}

function placeOf(environment: string, index: number): Place {
  if (environment !== 'staging' && environment !== 'prod')
    throw new Error(`${environment} is no environment: staging or prod`)
  const [a = 0, b = 0, c = 0] = values.subnet.split('.').map(Number)
  const { socket, project, image, network, gateway } = values
  return {
    environment,
    socket,
    project,
    image,
    network,
    subnet: `${a}.${b}.${c + index}`,
    gateway,
    prefixLength: Number(values.prefix),
    postgresVersion: values.postgres,
  }
}

const places = values.environment.map(placeOf)
for (const place of places) {
  await edge(place)
  await database(place)
}
mkdirSync(values.folder, { recursive: true })
writeFileSync(join(values.folder, 'backflip.yaml'), vezaConfig(places))
console.log(`made: ${places.flatMap((place) => [haproxyOf(place).name, postgresOf(place).name]).join(', ')}`)
console.log(`next: cd ${values.folder} and backflip publish --sha SHA backend=… stream=… web=…`)
