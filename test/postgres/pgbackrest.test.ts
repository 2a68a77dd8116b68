import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, chmodSync, cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseLsn } from '../../src/domain/data/lsn.ts'
import { parseOperationId } from '../../src/domain/ids.ts'
import { runAsServerUser } from '../../src/drivers/postgres/host.ts'
import { pgbackrest } from '../../src/drivers/postgres/pgbackrest.ts'
import { type RecoveryCopy, type RecoveryWorld, recoveryContract } from '../contract/point-in-time-recovery.ts'
import { APP_ROLE, Cluster, OWNER } from './cluster.ts'

const OPERATION = parseOperationId('00000000-0000-7000-8000-444444444444')
const CONFIG = 'pgbackrest.conf'

recoveryContract('pgBackRest', async () => {
  const live = await archivingCluster()
  await live.sql('CREATE TABLE orders (id int PRIMARY KEY)', { role: APP_ROLE })
  return worldOf(live)
})

describe('pgBackRest', () => {
  let live: Cluster
  const point = { name: 'pre-deploy', lsn: parseLsn('0/1'), timeline: 1, systemId: '1' }
  beforeAll(async () => {
    live = await archivingCluster()
  }, 60_000)
  afterAll(() => live.close())

  it('says that a stanza is none, and that its repository cannot be read', async () => {
    const absent = pgbackrest(live.host, { stanza: 'absent', configFile: join(live.folder, CONFIG) })
    await expect(absent.look(point)).rejects.toMatchObject({ code: 'recovery-no-stanza', kind: 'refused' })
    const broken = join(live.folder, 'broken.conf')
    writeFileSync(broken, '[global]\nrepo1-host=127.0.0.1\nrepo1-host-user=nobody\nrepo1-host-cmd=/none\n', {
      mode: 0o644,
    })
    const unreachable = pgbackrest(live.host, { stanza: 'shop', configFile: broken })
    await expect(unreachable.look(point)).rejects.toMatchObject({ code: 'recovery-unreachable', kind: 'refused' })
  })

  it('ends what a killed operator had started on the folder, and nobody else, before it is removed', async () => {
    const folder = join(live.folder, 'data.backflip-444444444444')
    mkdirSync(folder)
    writeFileSync(join(folder, 'file'), '')
    const start = (path: string) => spawn('tail', ['-f', path], { stdio: 'ignore' })
    const [left, other] = [start(join(folder, 'file')), start(join(live.folder, CONFIG))]
    await Promise.all([once(left, 'spawn'), once(other, 'spawn')])
    const ended = once(left, 'exit')
    try {
      await worldOf(live).recovery.remove(OPERATION)
      expect(await ended).toEqual([null, 'SIGKILL'])
      expect(readdirSync(live.folder)).not.toContain('data.backflip-444444444444')
      expect(other.exitCode ?? other.signalCode).toBeNull()
    } finally {
      left.kill()
      other.kill()
    }
  })

  it.each(['', '..', 'a b', "a'", '-x', 'x'.repeat(64)])('refuses the name %j', async (name) => {
    const { recovery } = worldOf(live)
    const ask = { point: { ...point, name }, backup: '20200101-000000F', operation: OPERATION }
    await expect(recovery.recover(ask)).rejects.toMatchObject({ code: 'bad-restore-point', kind: 'usage' })
  })
})

async function archivingCluster(): Promise<Cluster> {
  const live = await Cluster.make()
  const { dataFolder, socketFolder, port } = live.host.config
  const folder = (name: string) => join(live.folder, name)
  for (const name of ['repo', 'lock', 'log', 'spool']) mkdirSync(folder(name))
  writeFileSync(
    folder(CONFIG),
    `[global]
repo1-path=${folder('repo')}
repo1-retention-full=9
lock-path=${folder('lock')}
log-path=${folder('log')}
spool-path=${folder('spool')}
start-fast=y
[shop]
pg1-path=${dataFolder}
pg1-port=${port}
pg1-socket-path=${socketFolder}
pg1-user=postgres
`,
  )
  if (OWNER !== null) execFileSync('chown', ['-R', OWNER, live.folder])
  const push = `pgbackrest --config=${folder(CONFIG)} --stanza=shop archive-push %p`
  appendFileSync(
    join(dataFolder, 'postgresql.auto.conf'),
    `archive_mode = on\narchive_command = '${push}'\nwal_keep_size = 256MB\n`,
  )
  await live.database.stop()
  await live.database.start()
  await tool(live, 'stanza-create')
  return live
}

async function tool(live: Cluster, verb: string): Promise<void> {
  const config = `--config=${join(live.folder, CONFIG)}`
  const argv = ['pgbackrest', config, '--stanza=shop', '--log-level-console=warn', '--type=full', verb]
  const ofVerb = verb === 'backup' ? argv : argv.filter((one) => one !== '--type=full')
  const { exitCode, stdout, stderr } = await runAsServerUser(live.host, ofVerb, { timeoutMs: 60_000 })
  if (exitCode !== 0) throw new Error(`${verb}: ${stdout}${stderr}`)
}

function worldOf(live: Cluster, configOf: Cluster = live): RecoveryWorld & RecoveryCopy {
  const beside = async () => readdirSync(live.folder).filter((name) => name.startsWith('data.'))
  return {
    database: live.database,
    recovery: pgbackrest(live.host, { stanza: 'shop', configFile: join(configOf.folder, CONFIG) }),
    insert: async (from, count) =>
      void (await live.sql(`INSERT INTO orders SELECT g FROM generate_series(${from}, ${from + count - 1}) g;`)),
    orders: async () => Number(await live.sql('SELECT count(*) FROM orders')),
    backup: () => tool(live, 'backup'),
    async endLogFile({ fails }) {
      if (fails) await live.sql("ALTER SYSTEM SET archive_command = 'false'")
      await live.sql('SELECT pg_reload_conf(); SELECT pg_switch_wal();')
    },
    beside,
    async copy() {
      const copy = await live.copy()
      for (const name of await beside()) {
        const to = join(copy.folder, name)
        cpSync(join(live.folder, name), to, { recursive: true })
        chmodSync(to, 0o700)
        // In a container of its own a copy has its own sockets.
        appendFileSync(
          join(to, 'postgresql.auto.conf'),
          `unix_socket_directories = '${copy.folder}'\narchive_mode = off\n`,
        )
        if (OWNER !== null) execFileSync('chown', ['-R', OWNER, to])
      }
      return worldOf(copy, live)
    },
    async goLive() {
      const options = `--config=${join(configOf.folder, CONFIG)} --stanza=shop --pg1-path=${live.host.config.dataFolder}`
      await live.sql("ALTER SYSTEM SET archive_mode = 'on'")
      await live.sql(`ALTER SYSTEM SET archive_command = 'pgbackrest ${options} archive-push %p'`)
      await live.database.stop()
      await live.start()
    },
    close: () => live.close(),
  }
}
