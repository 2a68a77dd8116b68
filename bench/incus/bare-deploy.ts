/**
 * What a deploy of `examples/veza` asks of Incus, as a script: database marked and snapshotted, a migration in a container of its own, three components
 * in new containers, answers, files and sockets of the edge. It reads no state, fences nothing, keeps no journal, verifies no artifact and could not
 * go back. Its containers are its own (`bare-…`), so that it can be run beside real deploys.
 *
 *   node bench/incus/bare-deploy.ts '{"socket": …}'
 */

import { readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { bareCalls, retry } from './bare-calls.ts'

export interface BareDeployAsk {
  readonly socket: string
  readonly project: string
  readonly image: string
  readonly network: string
  readonly gateway: string
  /** The first three numbers of the addresses; 90 to 93 are the script's. */
  readonly subnet: string
  readonly haproxy: string
  readonly postgres: string
  readonly snapshot: string
  /** Variables of every component, as systemd reads them. */
  readonly environment: string
  /** Nothing of an earlier run is there. */
  readonly isFirst: boolean
  /** A tar file of each component. */
  readonly tars: { readonly [component: string]: string }
}

const ask = JSON.parse(process.argv[2] ?? '') as BareDeployAsk
const { haproxy, postgres, subnet } = ask
const { call, runIn, push, pull, ask: askSocket, replace, close } = bareCalls(ask)

const CONTROL = '/var/lib/veza/control.sock'
const MASTER = '/run/haproxy-master.sock'
const QUESTION = 'GET / HTTP/1.1\r\nhost: control\r\nconnection: close\r\n\r\n'
const HEALTH: { readonly [component: string]: string } = {
  backend: '/api/v1/health',
  stream: '/stream/health',
  web: '/health',
}
const COMPONENTS = Object.keys(HEALTH)
const SHA = 'a'.repeat(40)

const askControl = () => askSocket(haproxy, CONTROL, QUESTION)
const askMaster = () => askSocket(haproxy, MASTER, 'show proc\n')
const write = (name: string) => replace(haproxy, `/var/lib/veza/bare.${name}`, 'veza-staging blue::0:1\n')

const psql = (sql: string) =>
  runIn(postgres, [
    'runuser',
    '-u',
    'postgres',
    '--',
    '/usr/lib/postgresql/15/bin/psql',
    '-qAt',
    '-d',
    'veza',
    '-c',
    sql,
  ])

/** Before the phases: the edge is told who writes. */
async function enterEdge(): Promise<void> {
  await Promise.all([askControl(), runIn(haproxy, ['mkdir', '-p', '/var/lib/veza/bare'])])
  await askControl()
  await runIn(haproxy, ['sync', '/var/lib/veza/bare'])
  await write('state')
  await askControl()
  await askMaster()
}

async function snapshot(): Promise<void> {
  await psql('CHECKPOINT')
  await psql("SELECT pg_create_restore_point('bare')")
  await psql('SELECT txid_current()')
  await psql('SELECT pg_current_wal_insert_lsn()')
  await Promise.all([
    psql('SELECT datname FROM pg_database').then(() => psql('SELECT relname, relfilenode FROM pg_class')),
    psql('SELECT max(name) FROM migrations'),
    psql('SELECT relname FROM pg_class ORDER BY 1'),
  ])
  await call('POST', `/instances/${postgres}/snapshots`, { name: ask.snapshot, stateful: false })
}

async function make(name: string, host: string, component: string): Promise<void> {
  const eth0 = { type: 'nic', network: ask.network, name: 'eth0', 'ipv4.address': host }
  await call('POST', '/instances', {
    name,
    type: 'container',
    source: { type: 'image', alias: ask.image },
    config: { 'user.ipv4': `${host}/16`, 'user.gw': ask.gateway },
    devices: { eth0 },
  })
  await call('PUT', `/instances/${name}/state`, { action: 'start', timeout: 30 })
  await runIn(name, ['tar', '-x', '-f', '-', '-C', '/opt'], readFileSync(ask.tars[component] ?? ''))
  await runIn(name, ['mv', '-T', `/opt/${component}`, '/opt/release'])
  await call('PATCH', `/instances/${name}`, { config: { 'user.phase': 'unpacked' } })
}

async function writeService(name: string, component: string, command: string, more: string): Promise<void> {
  const own = `BACKFLIP_SHA=${SHA}\nBACKFLIP_COLOR=blue\nBACKFLIP_INSTANCE=${name}\nPORT=8080\n`
  await push(name, '/opt/environment', own)
  await push(name, '/opt/secrets', ask.environment)
  await push(name, '/opt/begun', component)
  const files = 'EnvironmentFile=/opt/environment\nEnvironmentFile=/opt/secrets'
  const service = `Type=exec\nExecStart=/opt/release/run.sh ${command}\nWorkingDirectory=/opt/release\n${files}\n${more}`
  const install = '[Install]\nWantedBy=multi-user.target\n'
  await push(name, '/etc/systemd/system/bare.service', `[Service]\n${service}\n${install}`)
}

/** Just started, systemd does not listen yet. */
async function systemctl(name: string, ...words: readonly string[]): Promise<void> {
  await retry(() => runIn(name, ['systemctl', ...words]), 50)
}

async function migrate(): Promise<void> {
  const name = 'bare-migrate'
  if (!ask.isFirst) await call('DELETE', `/instances/${name}`)
  await make(name, `${subnet}.93`, 'backend')
  await writeService(name, 'migrate', 'migrate', "ExecStopPost=/bin/sh -c 'echo $EXIT_STATUS >/opt/exit'\n")
  await systemctl(name, 'start', 'bare.service')
  await retry(async () => {
    if ((await pull(name, '/opt/exit')) !== 0) throw new Error('the migration has not ended well')
  }, 25)
  await call('PUT', `/instances/${name}/state`, { action: 'stop', force: true, timeout: 30 })
}

async function remove(name: string): Promise<void> {
  await runIn(name, ['systemctl', 'stop', 'bare.service'])
  await call('PUT', `/instances/${name}/state`, { action: 'stop', force: true, timeout: 30 })
  await call('DELETE', `/instances/${name}`)
}

async function check(host: string, path: string): Promise<void> {
  for (let good = 0; good < 2; good += 1) {
    if (good > 0) await wait(100)
    await retry(async () => {
      const answer = await fetch(`http://${host}:8080${path}`)
      if (!(await answer.text()).includes(SHA)) throw new Error('another release')
    }, 100)
  }
}

const names = COMPONENTS.map((component, at) => ({
  component,
  name: `bare-${component}`,
  host: `${subnet}.${90 + at}`,
}))
const edgeTouch = async (file: string) => {
  await write(file)
  await askControl()
  await askControl()
  await askMaster()
}

await enterEdge()
await snapshot()
await migrate()
await askControl()
await edgeTouch('names')
if (!ask.isFirst) {
  await Promise.all(names.map(({ name }) => remove(name)))
}
for (let n = 0; n < 3; n += 1) await askControl()
await Promise.all(names.map(({ name, host, component }) => make(name, host, component)))
await askControl()
await Promise.all(
  names.map(async ({ name, component }) => {
    await writeService(name, component, 'serve', '')
    await systemctl(name, '--no-reload', 'enable', 'bare.service')
    await runIn(name, ['systemctl', 'start', 'bare.service'])
    await call('PATCH', `/instances/${name}`, { config: { 'user.phase': 'started' } })
  }),
)
await edgeTouch('names')
await Promise.all(names.map(({ host, component }) => check(host, HEALTH[component] ?? '')))
await askControl()
await askControl()
await edgeTouch('state')
await Promise.all([write('active-color'), write('history')])
await askControl()
await askSocket(haproxy, '/run/haproxy/admin.sock', 'show stat\n')
close()
