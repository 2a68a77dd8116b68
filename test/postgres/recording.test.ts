import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { UsageFile } from '../../src/domain/compatibility/usage.ts'
import { recordingProxy } from '../../src/drivers/recording/proxy.ts'
import { statementStatistics } from '../../src/drivers/shadow/statement-statistics.ts'
import type { HeardQuery, Recording } from '../../src/ports/statement-recorder.ts'
import { runMain } from '../fakes/run-main.ts'
import { Cluster, DATABASE } from './cluster.ts'

let cluster: Cluster
let socket = ''

beforeAll(async () => {
  cluster = await Cluster.make()
  const { socketFolder, port } = cluster.host.config
  socket = join(socketFolder, `.s.PGSQL.${port}`)
  await cluster.sql(
    'CREATE TABLE t (id int PRIMARY KEY, s text); GRANT ALL ON t TO app; INSERT INTO t VALUES (1, $$a$$)',
  )
})
afterAll(() => cluster.close())

describe('the recording proxy', () => {
  let heard: HeardQuery[] = []
  let recording: Recording
  beforeEach(async () => {
    heard = []
    recording = await recordingProxy.start({
      listen: { host: '127.0.0.1', port: 0 },
      to: { socket },
      onQuery: (query) => void heard.push(query),
    })
  })
  afterEach(() => recording.close())
  const open = async (ssl: pg.ClientConfig['ssl'] = false) => {
    const client = new pg.Client({ host: '127.0.0.1', port: recording.port, user: 'app', database: DATABASE, ssl })
    client.on('error', () => undefined)
    await client.connect()
    return client
  }

  it('passes everything on, and hears simple queries, prepared ones and their parameters', async () => {
    const client = await open()
    const { rows } = await client.query('SELECT s FROM t WHERE id = 1')
    await client.query({ name: 'one', text: 'INSERT INTO t VALUES ($1, $2)', values: [2, null] })
    await client.query({ name: 'one', text: 'INSERT INTO t VALUES ($1, $2)', values: [3, 'ä'] })
    await client.end()
    expect(rows).toEqual([{ s: 'a' }])
    expect((await cluster.sql('SELECT count(*) FROM t')).trim()).toBe('3')
    expect(heard.map(({ text, values }) => [text, values])).toEqual([
      ['SELECT s FROM t WHERE id = 1', null],
      ['INSERT INTO t VALUES ($1, $2)', null],
      ['INSERT INTO t VALUES ($1, $2)', ['2', null]],
      ['INSERT INTO t VALUES ($1, $2)', ['3', 'ä']],
    ])
    expect(recording.counts()).toEqual({ connections: 1, lost: 0 })
  })

  it('tells a client that asks for encryption that there is none', async () => {
    const client = connect(recording.port, '127.0.0.1')
    const request = Buffer.alloc(8)
    request.writeInt32BE(8, 0)
    request.writeInt32BE(80_877_103, 4)
    client.write(request)
    const [answer] = (await once(client, 'data')) as [Buffer]
    client.destroy()
    expect(answer.toString()).toBe('N')
  })

  it('hears a question that is far longer than one packet, and leaves out what is too long to be one', async () => {
    const client = await open()
    const long = `SELECT '${'x'.repeat(300_000)}'`
    await client.query(long)
    const { rows } = await client.query(`SELECT length('${'y'.repeat(2_000_000)}') AS n`)
    await client.query('SELECT 2')
    await client.end()
    expect(rows).toEqual([{ n: 2_000_000 }])
    expect(heard.map(({ text }) => text)).toEqual([long, 'SELECT 2'])
  })

  it('ends the connection of an app whose server goes away', async () => {
    const client = await open()
    const ended = new Promise<void>((done) => void client.on('end', () => done()))
    await cluster.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'")
    await ended
    expect(recording.counts().connections).toBe(1)
  })
})

describe('what it cannot follow', () => {
  it('is passed on byte for byte, and counted', async () => {
    const got: Buffer[] = []
    const sockets: Socket[] = []
    const server = createServer((one) => {
      sockets.push(one)
      one.on('data', (chunk) => got.push(chunk))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const to = { host: '127.0.0.1', port }
    const recording = await recordingProxy.start({
      listen: { host: '127.0.0.1', port: 0 },
      to,
      onQuery: () => undefined,
    })
    try {
      const client = connect(recording.port, '127.0.0.1')
      const start = Buffer.from([0, 0, 0, 9, 0, 3, 0, 0, 0])
      const nonsense = Buffer.from('Q\0\0\0\x01nonsense')
      client.write(start)
      client.write(nonsense)
      await expect.poll(() => Buffer.concat(got), { timeout: 20_000 }).toEqual(Buffer.concat([start, nonsense]))
      expect(recording.counts()).toEqual({ connections: 1, lost: 1 })
      client.destroy()
    } finally {
      await recording.close()
      for (const one of sockets) one.destroy()
      server.close()
    }
  })
})

describe('migrations record', () => {
  it('writes each query once, with parameters of some calls, for its owner alone', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bf-record-'))
    const stop = new AbortController()
    let port = 0
    try {
      const ended = runMain(['migrations', 'record', '--to', socket, '--out', 'usage.json'], folder, {
        signal: stop.signal,
        heard: (text) => {
          port = Number(/:(\d+);/.exec(text)?.[1] ?? port)
        },
      })
      await expect.poll(() => port, { timeout: 20_000 }).toBeGreaterThan(0)
      const client = new pg.Client({ host: '127.0.0.1', port, user: 'app', database: DATABASE })
      await client.connect()
      await client.query('BEGIN')
      for (const id of [1, 2, 2, 3, 4]) await client.query('SELECT s FROM t WHERE id = $1', [id])
      for (const id of [5, 6]) await client.query(`SELECT s FROM t WHERE id < ${id}`)
      await client.query('ROLLBACK; SELECT 1')
      await client.end()
      stop.abort()
      expect((await ended).exitCode).toBe(0)
      const recorded = JSON.parse(readFileSync(join(folder, 'usage.json'), 'utf8')) as UsageFile
      expect(statSync(join(folder, 'usage.json')).mode & 0o077).toBe(0)
      expect(recorded).toMatchObject({ version: 1, sha: null, source: 'recording', leftOut: 0 })
      expect(recorded.statements.map(({ text, calls, samples }) => [text, calls, samples])).toEqual([
        ['SELECT s FROM t WHERE id = $1', 5, [['1'], ['2'], ['3']]],
        ['SELECT s FROM t WHERE id < 5', 2, []],
        ['SELECT 1', 1, []],
      ])
    } finally {
      stop.abort()
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

describe('pg_stat_statements', () => {
  it('is read most asked first, of one role, and its absence is one sentence', async () => {
    await expect(cluster.database.askedStatements({ role: null, limit: 10 })).rejects.toMatchObject({
      code: 'no-statement-statistics',
    })
    const file = join(cluster.folder, 'data', 'postgresql.auto.conf')
    writeFileSync(file, `${readFileSync(file, 'utf8')}shared_preload_libraries = 'pg_stat_statements'\n`)
    await cluster.crash()
    await cluster.sql('CREATE SCHEMA "Odd"; CREATE EXTENSION pg_stat_statements SCHEMA "Odd"')
    for (const id of [1, 2]) await cluster.sql(`SELECT s FROM t WHERE id = ${id}`, { role: 'app' })
    await cluster.sql('SELECT count(*) FROM t')
    const { statements: asked, thrownOut } = await cluster.database.askedStatements({ role: 'app', limit: 10 })
    expect(thrownOut).toBe(0)
    expect(asked[0]).toEqual({ text: 'SELECT s FROM t WHERE id = $1', calls: 2 })
    const { socketFolder } = cluster.host.config
    const byString = statementStatistics(`postgres://postgres@/${DATABASE}?host=${socketFolder}`)
    expect(await byString.askedStatements({ role: 'app', limit: 1 })).toEqual({
      statements: asked.slice(0, 1),
      thrownOut: 0,
    })
    const other = statementStatistics(`postgres://postgres@/postgres?host=${socketFolder}`)
    await expect(other.askedStatements({ role: null, limit: 1 })).rejects.toMatchObject({
      code: 'no-statement-statistics',
    })
    expect(asked.map(({ text }) => text)).not.toContain('SELECT count(*) FROM t')
  })
})
