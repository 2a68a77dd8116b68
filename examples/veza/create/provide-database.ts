import { type Place, postgresOf } from '../place.ts'
import type { Incus } from './incus.ts'
import { inside, putFile, startMachine, until } from './start-machine.ts'

/** Major version of Debian 12's. */
export const POSTGRES = '15'
const SETTINGS = `/etc/postgresql/${POSTGRES}/main`

/** PostgreSQL with the database `veza`, and a role of that name that is no superuser: a restore can keep it away. Gives nothing that is secret away. */
export async function provideDatabase(incus: Incus, place: Place, password: string): Promise<void> {
  const { name } = postgresOf(place)
  await startMachine(incus, place, postgresOf(place))
  const access = `host veza veza ${place.subnet}.0/24 scram-sha-256`
  if ((await inside(incus, name, ['cat', `${SETTINGS}/pg_hba.conf`])).includes(access)) return
  // With the log of 256 MiB on disk, what a restore would lose is counted to the row.
  await putFile(incus, name, `${SETTINGS}/conf.d/veza.conf`, "listen_addresses = '*'\nwal_keep_size = '256MB'\n")
  await inside(incus, name, ['systemctl', 'enable', '--quiet', 'postgresql'])
  await inside(incus, name, ['systemctl', 'start', `postgresql@${POSTGRES}-main`])
  await until(`PostgreSQL in ${name} does not start`, () => incus.knows(['exec', name, '-T', '--', 'pg_isready', '-q']))
  // By standard input: an argument can be read by everybody on the host.
  await psql(incus, name, ROLE_AND_DATABASE.replace('$password', `'${password}'`))
  // Last: it says that all of this is done.
  await inside(incus, name, ['tee', '-a', `${SETTINGS}/pg_hba.conf`], `${access}\n`)
  await psql(incus, name, 'SELECT pg_reload_conf();')
}

const ROLE_AND_DATABASE = `
SELECT 'CREATE ROLE veza LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'veza') \\gexec
ALTER ROLE veza PASSWORD $password;
SELECT 'CREATE DATABASE veza OWNER veza' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'veza') \\gexec
`

async function psql(incus: Incus, name: string, sql: string): Promise<void> {
  await inside(incus, name, ['runuser', '-u', 'postgres', '--', 'psql', '-qAt', '-v', 'ON_ERROR_STOP=1'], sql)
}
