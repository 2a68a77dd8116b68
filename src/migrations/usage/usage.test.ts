import { describe, expect, it } from 'vitest'
import { judgeRelease } from '../compatibility/judge-release.ts'
import { type ReplayFile, replayer } from '../compatibility/replay-files.ts'
import { loadParser } from '../sql/parser.ts'
import { normalizeStatement } from './normalize-statement.ts'
import { queryTree } from './query-tree.ts'
import { readUses } from './read-uses.ts'

const parser = await loadParser()
const SERVER = { major: 18, timeZone: 'UTC' }

function file(name: string, text: string): ReplayFile {
  return { name, path: `${name}.sql`, text, visible: text, transaction: 'file' }
}

const SCHEMA = `
  CREATE TYPE mood AS ENUM ('good', 'bad');
  CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE, nick text, mood mood, team bigint);
  CREATE TABLE teams (id bigint PRIMARY KEY, title text, nick text);
  CREATE VIEW people AS SELECT id, email FROM users;
  CREATE FUNCTION total(a int) RETURNS int LANGUAGE sql AS 'SELECT a';`

describe('normalizeStatement', () => {
  it.each([
    ["SELECT * FROM users WHERE email = 'a@b.c' AND id = -5", 'SELECT * FROM users WHERE email = $1 AND id = $2'],
    ['SELECT * FROM users WHERE id = $1 AND team = 7;', 'SELECT * FROM users WHERE id = $1 AND team = $2'],
    ['INSERT INTO users VALUES (1, NULL, true)', 'INSERT INTO users VALUES ($1, NULL, true)'],
    ["SELECT 'ä', 'b'", 'SELECT $1, $2'],
    [
      'SELECT nick, count(*) FROM users GROUP BY 1 ORDER BY 2 LIMIT 10',
      'SELECT nick, count(*) FROM users GROUP BY 1 ORDER BY 2 LIMIT $1',
    ],
    ["SELECT now() - interval '1 day', '1.5'::numeric(10, 2)", "SELECT now() - interval '1 day', $1::numeric(10, 2)"],
  ])('%s keeps no value that is data', (text, expected) => {
    expect(normalizeStatement(parser, text)).toBe(expected)
  })

  it.each([
    'BEGIN',
    'SELECT 1; SELECT 2',
    'SELECT 1 INTO t',
    'CREATE TABLE t ()',
    'not SQL',
    '',
    `SELECT '${'x'.repeat(70_000)}'`,
  ])('is null for what is no query: %.20s', (text) => {
    expect(normalizeStatement(parser, text)).toBeNull()
  })
})

describe('readUses', () => {
  const { replay } = replayer(parser, SERVER).begin([file('0001', SCHEMA)])
  const uses = (text: string) => {
    const tree = queryTree(parser, text)
    return tree === null ? null : readUses(replay.catalog, tree)
  }

  it('tells columns of two tables apart by their alias, and names both where nobody can tell', () => {
    expect(uses('SELECT u.nick FROM users u JOIN teams t ON t.id = u.team')).toEqual([
      'public.teams',
      'public.teams.id',
      'public.users',
      'public.users.nick',
      'public.users.team',
    ])
    const both = uses('SELECT nick FROM users, teams')
    expect(both).toContain('public.users.nick')
    expect(both).toContain('public.teams.nick')
  })

  it('knows who asks for every column: a star, a whole row, an INSERT without a list', () => {
    for (const text of ['SELECT * FROM users', 'SELECT u FROM users u', 'INSERT INTO users VALUES (1)', 'TABLE users'])
      expect(uses(text), text).toContain('public.users.*')
    expect(uses('SELECT count(*) FROM users')).not.toContain('public.users.*')
  })

  it('tells writes apart: what is inserted, updated, deleted, and what decides a conflict', () => {
    const upsert = 'INSERT INTO users (id, email) VALUES (1, $1) ON CONFLICT (email) DO UPDATE SET nick = excluded.nick'
    expect(uses(upsert)).toEqual(
      expect.arrayContaining([
        'insert public.users',
        'conflict public.users',
        'update public.users.nick',
        'public.users.email',
      ]),
    )
    expect(uses('DELETE FROM users WHERE id = 1')).toContain('delete public.users')
  })

  it('sees through a view, a WITH and a subquery', () => {
    expect(uses('SELECT email FROM people')).toEqual(expect.arrayContaining(['public.people', 'public.users.email']))
    expect(uses('UPDATE people SET email = $1')).toContain('update public.users.email')
    const within = uses(
      'WITH teams AS (SELECT nick FROM users) SELECT * FROM teams WHERE EXISTS (SELECT 1 FROM people)',
    )
    expect(within).not.toContain('public.teams')
    expect(within).toContain('public.users.nick')
  })

  it('names functions, and types by cast or by column', () => {
    expect(uses('SELECT total(1), lower(nick) FROM users')).toContain('function public.total')
    expect(uses("SELECT 'good'::mood")).toContain('type public.mood')
    expect(uses('SELECT mood FROM users')).toContain('type public.mood')
    expect(uses('SELECT id FROM users')).not.toContain('type public.mood')
  })
})

describe('a release whose queries are known', () => {
  const judge = (change: string, ...queries: readonly string[]) =>
    judgeRelease(replayer(parser, SERVER), {
      base: [file('0001', SCHEMA)],
      since: [file('0002', change)],
      usage: { uses: [], statements: queries.map((text) => ({ text })) },
      today: '2026-01-01',
    })
  const READS_EMAIL = 'SELECT id, email FROM users WHERE id = $1'
  const INSERTS = 'INSERT INTO users (id, email, nick) VALUES ($1, $2, $3)'

  it('is broken by what its queries read, and the verdict says in how many', () => {
    const { breaks } = judge('ALTER TABLE users DROP COLUMN nick', READS_EMAIL, INSERTS, 'SELECT nick FROM users')
    expect(breaks.map(({ message }) => message)).toEqual([
      'drops users.nick, which the previous release may use (2 of its 3 known queries do)',
    ])
  })

  it('survives what none of them meets, and the verdict says so', () => {
    const { breaks, cleared } = judge('ALTER TABLE users DROP COLUMN nick', READS_EMAIL)
    expect(breaks).toEqual([])
    expect(cleared[0]?.message).toContain('none of its 1 known queries does')
  })

  it.each([
    ['ALTER TABLE users ADD COLUMN age int NOT NULL', INSERTS],
    ['ALTER TABLE users ALTER COLUMN team SET NOT NULL', INSERTS],
    ['ALTER TABLE users ADD CHECK (id > 0) NOT VALID', 'UPDATE users SET id = $1'],
    ['ALTER TABLE users ADD FOREIGN KEY (team) REFERENCES teams NOT VALID', 'DELETE FROM teams WHERE id = $1'],
    ['CREATE UNIQUE INDEX ON users (nick)', 'UPDATE users SET nick = $1'],
    [
      'ALTER TABLE users DROP CONSTRAINT users_email_key',
      'INSERT INTO users (id) VALUES (1) ON CONFLICT (email) DO NOTHING',
    ],
    ['ALTER TABLE users RENAME TO members', 'SELECT 1 FROM users'],
    ['DROP VIEW people', 'SELECT email FROM people'],
    ["ALTER TYPE mood RENAME VALUE 'bad' TO 'sad'", 'SELECT mood FROM users'],
    ['DROP FUNCTION total(int)', 'SELECT total(1)'],
    ['ALTER TABLE users SET SCHEMA other', 'SELECT id FROM users'],
  ])('%s: broken when it asks %s, and not when it only reads the teams', (change, query) => {
    expect(judge(change, query).breaks.length).toBeGreaterThan(0)
    expect(judge(change, 'SELECT title FROM teams').breaks).toEqual([])
  })

  it('a query that nobody can read clears nothing, and neither does a file without queries', () => {
    expect(judge('ALTER TABLE users DROP COLUMN nick', READS_EMAIL, 'CALL something()').breaks).toHaveLength(1)
    expect(judge('ALTER TABLE users DROP COLUMN nick').breaks).toHaveLength(1)
  })

  it('what a function reads behind the query clears nothing', () => {
    const change = `ALTER TABLE users DROP COLUMN nick`
    const { breaks } = judgeRelease(replayer(parser, SERVER), {
      base: [file('0001', `${SCHEMA} CREATE FUNCTION f() RETURNS text LANGUAGE sql AS 'SELECT nick FROM users'`)],
      since: [file('0002', change)],
      usage: { uses: [], statements: [{ text: READS_EMAIL }] },
      today: '2026-01-01',
    })
    expect(breaks[0]?.message).toContain('but a function may')
  })
})
