import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ADMIN_SOCKET, haproxyOf, MASTER_SOCKET, OPERATORS_CONFIG, ourConfig, type Place } from '../place.ts'
import type { Incus } from './incus.ts'
import { run } from './run.ts'
import { inside, putFile, startMachine } from './start-machine.ts'

const BACKFLIP = fileURLToPath(new URL('../../../bin/backflip.js', import.meta.url))
const UP_LIMIT_MS = 60_000
const UP_TRIES = 5

/** What is the operator's: sockets for Backflip, and frontends of their own. This one only makes the file valid without ours. */
const OPERATORS = `global
  stats socket ${ADMIN_SOCKET} mode 600 level admin expose-fd listeners
  hard-stop-after 60s
frontend operators-own
  mode http
  timeout client 5s
  bind 127.0.0.1:9
`

/** HAProxy as the container's own service, with a master socket, started with the operator's file and ours, which is empty yet. */
export async function provideEdge(incus: Incus, place: Place): Promise<void> {
  const { name } = haproxyOf(place)
  await startMachine(incus, place, haproxyOf(place))
  if (await incus.knows(['exec', name, '-T', '--', 'test', '-e', ourConfig(place)])) return
  await putFile(incus, name, '/etc/default/haproxy', `EXTRAOPTS="-S ${MASTER_SOCKET} -f ${ourConfig(place)}"\n`)
  await putFile(incus, name, OPERATORS_CONFIG, OPERATORS)
  await putFile(incus, name, ourConfig(place), '')
  await inside(incus, name, ['systemctl', 'enable', '--quiet', 'haproxy'])
  await inside(incus, name, ['systemctl', 'restart', 'haproxy'])
}

/** `backflip up` writes our file and has the operator's HAProxy take it, by its master. */
export async function handOverEdge(place: Place, folder: string): Promise<void> {
  const argv = ['up', '--env', place.environment, '--config', join(folder, 'backflip.yaml')]
  for (let tries = 1; ; tries += 1) {
    const { code, err } = await run([process.execPath, BACKFLIP, ...argv], { limitMs: UP_LIMIT_MS })
    if (code === 0) return
    // A host so busy that HAProxy did not answer in time.
    if (tries >= UP_TRIES) throw new Error(`backflip ${argv.join(' ')} ended with ${code}:\n${err}`)
  }
}
