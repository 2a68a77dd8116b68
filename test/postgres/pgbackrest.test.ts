import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runAsServerUser } from '../../src/drivers/postgres/host.ts'
import { pgbackrest } from '../../src/drivers/postgres/pgbackrest.ts'
import { Cluster, OWNER } from './cluster.ts'

describe('pgBackRest', () => {
  let live: Cluster
  let beside: Cluster
  const configFile = () => join(live.folder, 'pgbackrest.conf')
  const recovery = () => pgbackrest(live.host, { stanza: 'shop', configFile: configFile() })

  beforeAll(async () => {
    live = await Cluster.make()
    const { dataFolder, socketFolder, port } = live.host.config
    const folder = (name: string) => join(live.folder, name)
    writeFileSync(
      configFile(),
      `[global]
repo1-path=${folder('repo')}
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
    for (const name of ['repo', 'lock', 'log', 'spool']) mkdirSync(folder(name))
    if (OWNER !== null) execFileSync('chown', ['-R', OWNER, live.folder])
    const push = `pgbackrest --config=${configFile()} --stanza=shop archive-push %p`
    appendFileSync(join(dataFolder, 'postgresql.auto.conf'), `archive_mode = on\narchive_command = '${push}'\n`)
    await live.database.stop()
    await live.database.start()
    for (const verb of ['stanza-create', 'backup']) {
      const argv = ['pgbackrest', `--config=${configFile()}`, '--stanza=shop', '--log-level-console=warn', verb]
      const { exitCode, stdout, stderr } = await runAsServerUser(live.host, argv, { timeoutMs: 60_000 })
      if (exitCode !== 0) throw new Error(`${verb}: ${stdout}${stderr}`)
    }
    beside = live.with({ dataFolder: folder('beside'), port: 5433 })
  }, 120_000)
  afterAll(async () => {
    await beside.database.stop()
    await live.close()
  })

  it('says which backups there are, and that a stanza is none', async () => {
    expect(await recovery().info()).toMatchObject({ isReady: true, status: 'ok', backups: [{ type: 'full' }] })
    const other = pgbackrest(live.host, { stanza: 'absent', configFile: configFile() })
    expect(await other.info()).toMatchObject({ isReady: false, backups: [] })
  })

  it('gives the database as it was at the named point, beside the running one, which is not touched', async () => {
    await live.sql('CREATE TABLE t (i int, doomed text); INSERT INTO t SELECT g FROM generate_series(1, 100) g;')
    await live.database.restorePoint('pre-deploy-abc')
    await live.sql('INSERT INTO t SELECT g FROM generate_series(101, 150) g; ALTER TABLE t DROP COLUMN doomed;')
    await live.sql('SELECT pg_switch_wal();')
    await recovery().restoreBeside({ folder: beside.host.config.dataFolder, point: 'pre-deploy-abc' })
    appendFileSync(join(beside.host.config.dataFolder, 'postgresql.auto.conf'), 'port = 5433\n')
    await beside.start()
    expect((await beside.sql('SELECT count(*) FROM t')).trim()).toBe('100')
    expect((await beside.database.facts()).timeline).toBeGreaterThan(1)
    expect(await beside.database.tables()).toEqual([{ name: 'public.t', columns: ['i', 'doomed'] }])
    expect((await live.sql('SELECT count(*) FROM t')).trim()).toBe('150')
  })

  it.each(['', '..', 'a b', "a'", '-x', 'x'.repeat(64)])('refuses the name %j', async (point) => {
    const ask = { folder: join(live.folder, 'other'), point }
    await expect(recovery().restoreBeside(ask)).rejects.toMatchObject({ code: 'bad-restore-point', kind: 'usage' })
  })

  it('never restores over what is there', async () => {
    const ask = { folder: live.host.config.dataFolder, point: 'pre-deploy-abc' }
    await expect(recovery().restoreBeside(ask)).rejects.toMatchObject({ code: 'restore-folder-taken', kind: 'refused' })
  })
})
