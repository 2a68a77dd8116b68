import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { composeShadow } from '../../src/compose.ts'
import { localTransport } from '../../src/drivers/local/transport.ts'
import { clusterFolder, startCluster } from '../../src/drivers/shadow/cluster.ts'
import { findPostgres } from '../../src/drivers/shadow/find-postgres.ts'
import { openSession } from '../../src/drivers/shadow/session.ts'
import { runMain } from '../fakes/run-main.ts'
import { checkFolders } from './check-folders.ts'
import { dsnOf } from './dsn-of.ts'

const at = checkFolders()

const NEVER = new AbortController().signal
const MAJOR = String(findPostgres(0, '/').major)
const PROGRAM = fileURLToPath(new URL('../../bin/backflip.js', import.meta.url))
const SLEEPS = 'SELECT pg_sleep(600)'

/** Every process that names the at.folder, or that a server on it started. */
function processesOf(place: string): readonly string[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return []
    try {
      const [line, cwd] = [readFileSync(`/proc/${pid}/cmdline`, 'utf8'), readlinkSync(`/proc/${pid}/cwd`)]
      return `${line} ${cwd}`.includes(place) ? [`${pid} ${line.replaceAll('\0', ' ').trim()} ${cwd}`] : []
    } catch {
      return []
    }
  })
}

async function until(what: () => boolean): Promise<void> {
  while (!what()) await new Promise((done) => setTimeout(done, 50))
}

describe('migrations check, interrupted,', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'by %s it ends its server, leaves no at.folder, and ends with 130',
    async (signal) => {
      writeFileSync(join(at.folder, 'm', '0001_base.up.sql'), 'CREATE TABLE users (id int)')
      writeFileSync(join(at.folder, 'm', '0002_change.up.sql'), SLEEPS)
      const temporary = join(at.folder, 'tmp')
      mkdirSync(temporary)
      // Root's server is another user's.
      for (const one of [at.folder, temporary]) chmodSync(one, 0o711)
      const args = ['migrations', 'check', 'm', '--since', '0001_base', '--cache', at.cache, '--postgres', MAJOR]
      const child = spawn(process.execPath, [PROGRAM, ...args], {
        cwd: at.folder,
        env: { ...process.env, TMPDIR: temporary },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      const said: string[] = []
      child.stderr.on('data', (text) => said.push(String(text)))
      const ended = once(child, 'exit')
      const place = clusterFolder(at.cache, Number(MAJOR))
      await until(
        () => child.exitCode !== null || processesOf(place).some((one) => /backflip_copy_\S+ .*SELECT/.test(one)),
      )
      expect(readdirSync(temporary)).toHaveLength(1)
      child.kill(signal)
      expect(await ended).toEqual([130, null])
      expect(said.join('')).toMatch(/interrupted; the server of the check is ended/)
      expect(processesOf(place)).toEqual([])
      expect(readdirSync(temporary)).toEqual([])
      expect(existsSync(join(place, 'data', 'postmaster.pid'))).toBe(false)
      // Nothing of it is in the way of the next one, which ends it and its copy.
      writeFileSync(join(at.folder, 'm', '0002_change.up.sql'), 'SELECT 1')
      expect(await runMain(args, at.folder)).toMatchObject({ exitCode: 0 })
    },
  )

  it('on somebody’s server it drops what it made there, with the session that still runs its statement', async () => {
    const own = join(at.cache, 'interrupted')
    const cluster = await startCluster({
      binaries: findPostgres(Number(MAJOR), '/'),
      folder: own,
      transport: localTransport(),
    })
    try {
      const names = async () => {
        const session = await openSession(cluster.address, { database: 'postgres', statementTimeoutMs: 5_000 })
        const rows = await session.rows("SELECT datname FROM pg_database WHERE datname ~ '^backflip_'")
        await session.end()
        return rows.flat()
      }
      const interrupt = new AbortController()
      const dsn = dsnOf(cluster.address)
      const ask = { dsn, major: 0, timeZone: 'UTC', signal: interrupt.signal, cwd: '/', cacheFolder: own }
      const sleeps = { text: SLEEPS, line: 1, isAlone: false, isControl: false }
      const file = { name: 'sleeps', transaction: 'file', statements: [sleeps] } as const
      const shadow = await composeShadow(ask)
      const reached: number[] = []
      const abort = async () => {
        await until(() => processesOf(own).some((one) => /backflip_copy_\S+ .*SELECT/.test(one)))
        reached.push((await names()).length)
        interrupt.abort()
      }
      const inHistory = shadow.with((database) => Promise.all([database.prepare([file]), abort()]))
      await expect(inHistory).rejects.toMatchObject({ code: 'interrupted' })
      expect(reached).toEqual([1])
      expect(await names()).toEqual([])
      await expect(shadow.with(async () => null)).rejects.toMatchObject({ code: 'interrupted' })
    } finally {
      await cluster.stop()
    }
  })

  it('while it waits for another check it leaves at once, and the other one goes on', async () => {
    const interrupt = new AbortController()
    const ask = { dsn: null, major: Number(MAJOR), timeZone: 'UTC', cwd: '/', cacheFolder: at.cache }
    const [first, second] = [
      await composeShadow({ ...ask, signal: NEVER }),
      await composeShadow({ ...ask, signal: interrupt.signal }),
    ]
    const major = await first.with(async (database) => {
      const waiting = second.with(async () => 'never')
      setTimeout(() => interrupt.abort(), 100)
      await expect(waiting).rejects.toMatchObject({ code: 'interrupted' })
      await database.prepare([])
      return database.major
    })
    expect(major).toBe(Number(MAJOR))
  })
})
