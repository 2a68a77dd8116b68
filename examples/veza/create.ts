/**
 * Makes the runbook's set-up from nothing: bridge, pool, project, image, HAProxy and PostgreSQL in containers, and `backflip.yaml` for them.
 *
 *   npm run veza                                       both environments, in ./veza; brings Incus on Debian
 *   npm run veza -- --environment staging --folder DIR
 *
 * As root. What is there is left as it is, so it can be run again after whatever stopped it.
 */

import { randomBytes } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { vezaConfig } from './config.ts'
import { incusCommand } from './create/incus.ts'
import { provideDatabase } from './create/provide-database.ts'
import { handOverEdge, provideEdge } from './create/provide-edge.ts'
import { adviseOnLimits, provideHost } from './create/provide-host.ts'
import { provideImage } from './create/provide-image.ts'
import { ENVIRONMENTS, type Host, haproxyOf, type Place, passwordFile, placeOf, postgresOf } from './place.ts'

const { values } = parseArgs({
  options: {
    environment: { type: 'string', multiple: true, default: [...ENVIRONMENTS] },
    folder: { type: 'string', default: 'veza' },
    socket: { type: 'string', default: '/var/lib/incus/unix.socket' },
    project: { type: 'string', default: 'veza' },
    image: { type: 'string', default: 'veza-base' },
    pool: { type: 'string', default: 'veza' },
    network: { type: 'string', default: 'vezabr0' },
    gateway: { type: 'string', default: '10.77.0.1' },
  },
})

const APP = fileURLToPath(new URL('./app', import.meta.url))

const { socket, project, image, pool, network, gateway } = values
const host: Host = { socket, project, image, pool, network, gateway }
const folder = resolve(values.folder)
const places = values.environment.map((name) => {
  const environment = ENVIRONMENTS.find((one) => one === name)
  if (environment === undefined) throw new Error(`${name} is no environment: ${ENVIRONMENTS.join(' or ')}`)
  return placeOf(host, environment)
})

const incus = incusCommand(host)
adviseOnLimits()
if (!(await incus.knows(['info']))) {
  console.error(
    `no Incus answers at ${socket}; nothing was made. Start it (systemctl start incus), then the same command again`,
  )
  process.exit(1)
}
await provideHost(incus, host)
await provideImage(incus, image)
mkdirSync(join(folder, 'registry'), { recursive: true })
writeFileSync(join(folder, 'backflip.yaml'), vezaConfig(places))
if (!existsSync(join(folder, 'app'))) cpSync(APP, join(folder, 'app'), { recursive: true })
for (const place of places) {
  await Promise.all([provideEdge(incus, place), provideDatabase(incus, place, providePassword(place))])
  await handOverEdge(place, folder)
}
console.log(`made: ${places.flatMap((place) => [haproxyOf(place).name, postgresOf(place).name]).join(', ')}`)
console.log(`next: cd ${folder}; backflip publish --sha SHA backend=app/backend stream=app/stream web=app/web`)

/** Made once, for this host's eyes and the components'. */
function providePassword(place: Place): string {
  const file = join(folder, passwordFile(place))
  if (!existsSync(file)) writeFileSync(file, randomBytes(24).toString('hex'), { mode: 0o600 })
  return readFileSync(file, 'utf8')
}
