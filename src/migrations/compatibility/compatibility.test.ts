import { describe, expect, it } from 'vitest'
import { loadParser } from '../sql/parser.ts'
import { judgeRelease } from './judge-release.ts'
import { type ReplayFile, replayer } from './replay-files.ts'
import type { Usage } from './usage.ts'
import { verifyInverse } from './verify-inverse.ts'

const parser = await loadParser()
const SERVER = { major: 18, timeZone: 'UTC' }

/** `0001`, `0002` … in order. */
function files(...texts: readonly string[]): readonly ReplayFile[] {
  return texts.map((text, at) => file(`000${at + 1}`, text))
}

function file(name: string, text: string): ReplayFile {
  return { name, path: `${name}.sql`, text, visible: text, transaction: 'file' }
}

const USERS = 'CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL, nick text)'
const DROP = 'ALTER TABLE users DROP COLUMN nick'

describe('judgeRelease', () => {
  const judge = (history: readonly ReplayFile[], carried: number, usage: Usage | null = null) =>
    judgeRelease(replayer(parser, SERVER), {
      base: history.slice(0, carried),
      since: history.slice(carried),
      usage,
      today: '2026-01-01',
    })
  const rules = (...ask: Parameters<typeof judge>) => judge(...ask).breaks.map(({ rule }) => rule)

  it('names migration, line and statement of what a release does not survive', () => {
    const [found, ...others] = judge(files(USERS, `SELECT 1;\n${DROP}`), 1).breaks
    expect(others).toEqual([])
    expect(found).toMatchObject({ rule: 'drop-column', line: 2, statement: DROP, sqlstate: '42703' })
    expect(found?.file.name).toBe('0002')
  })

  it('is not monotonic: who never knew the table survives what breaks the one after it', () => {
    const history = files('CREATE TABLE other (id int)', USERS, DROP)
    expect(rules(history, 1)).toEqual([])
    expect(rules(history, 2)).toEqual(['drop-column'])
    expect(rules(history, 3)).toEqual([])
  })

  it('what was added after a release and taken away again breaks nobody', () => {
    expect(rules(files(USERS, 'ALTER TABLE users ADD COLUMN age int', 'ALTER TABLE users DROP COLUMN age'), 1)).toEqual(
      [],
    )
  })

  it('a contract passes for a release that carries what it names, and for no earlier one', () => {
    const contract = `-- backflip:contract of=0002\n${DROP}`
    const history = files(USERS, 'SELECT 1', contract)
    expect(rules(history, 1)).toEqual(['drop-column'])
    expect(rules(history, 2)).toEqual([])
    expect(rules([file('0002', contract)], 0)).toEqual(['drop-column'])
  })

  it('known usage contradicts a contract: a release that reads the column still needs it', () => {
    const history = files(USERS, 'SELECT 1', `-- backflip:contract of=0002\n${DROP}`)
    expect(rules(history, 2, { uses: ['public.users.nick'] })).toEqual(['drop-column'])
    expect(rules(history, 2, { uses: ['public.users.*'] })).toEqual(['drop-column'])
    expect(rules(history, 2, { uses: ['public.users', 'public.users.id', 'public.users.nickname'] })).toEqual([])
  })

  it('known usage contradicts a contract that drops the whole table', () => {
    const history = files(USERS, 'SELECT 1', '-- backflip:contract of=0002\nDROP TABLE users')
    expect(rules(history, 2, { uses: ['public.users.id'] })).toEqual(['drop-table'])
    expect(rules(history, 2, { uses: ['public.users_old.id'] })).toEqual([])
  })

  it('an allow with a reason passes, an expired one does not', () => {
    const allowed = (expires: string) => `-- backflip:allow drop-column reason="unused" expires=${expires}\n${DROP}`
    expect(rules(files(USERS, allowed('2026-01-01')), 1)).toEqual([])
    expect(rules(files(USERS, allowed('2025-12-31')), 1)).toEqual(['drop-column'])
  })

  it('says which files nobody can read', () => {
    expect(judge(files(USERS, 'ALTER TABEL users', 'SELECT 1'), 1).unreadable).toEqual(['0002'])
  })
})

describe('verifyInverse', () => {
  const verify = (history: readonly ReplayFile[], carried: number, inverse: string, taken = history.length) =>
    verifyInverse(replayer(parser, SERVER), {
      base: history.slice(0, carried),
      since: history.slice(carried),
      takenBack: new Set(history.slice(taken - 1, taken)),
      inverse: file('inverse', inverse),
    })

  it('one that gives the shape back is verified, and what is lost is said', () => {
    const proof = verify(files(USERS, DROP), 1, 'ALTER TABLE users ADD COLUMN nick text')
    expect(proof).toEqual({ isVerified: true, problems: [], lost: ['the values of users.nick are lost'] })
  })

  it.each([
    ['another type', 'ALTER TABLE users ADD COLUMN nick varchar(10)'],
    ['another name', 'ALTER TABLE users ADD COLUMN nickname text'],
    ['a default too much', "ALTER TABLE users ADD COLUMN nick text DEFAULT 'x'"],
    ['nothing', 'SELECT 1'],
    ['more than asked', 'ALTER TABLE users ADD COLUMN nick text; CREATE TABLE extra ()'],
    ['no SQL', 'put it back, please'],
    [
      'what nobody can read before it runs',
      "DO $$ BEGIN EXECUTE 'ALTER TABLE users ADD COLUMN ' || current_user; END $$",
    ],
  ])('%s is not verified', (_name, inverse) => {
    const proof = verify(files(USERS, DROP), 1, inverse)
    expect(proof.isVerified).toBe(false)
    expect(proof.problems.length).toBeGreaterThan(0)
  })

  it('says what would be missing and what too much', () => {
    const { problems } = verify(files(USERS, DROP), 1, 'ALTER TABLE users ADD COLUMN nick int')
    expect(problems.map((line) => line.slice(0, 30))).toEqual(
      ['- column public.users.nick text', '+ column public.users.nick integ'].map((line) => line.slice(0, 30)),
    )
  })

  it('takes back one of several, and leaves the others', () => {
    const history = files(USERS, DROP, 'ALTER TABLE users ADD COLUMN age int')
    expect(verify(history, 1, 'ALTER TABLE users ADD COLUMN nick text', 2).isVerified).toBe(true)
    expect(
      verify(history, 1, 'ALTER TABLE users ADD COLUMN nick text; ALTER TABLE users DROP COLUMN age', 2).isVerified,
    ).toBe(false)
  })

  it.each([
    [
      'an index by its column',
      'CREATE INDEX users_nick ON users (nick)',
      'CREATE INDEX users_nick ON users (nick)',
      true,
    ],
    [
      'a foreign key by its target',
      'CREATE TABLE t (id int PRIMARY KEY); ALTER TABLE users ADD ref int REFERENCES t',
      '',
      false,
    ],
    [
      'a check by its text',
      'ALTER TABLE users ADD CONSTRAINT c CHECK (length(nick) < 9)',
      'ALTER TABLE users ADD CONSTRAINT c CHECK (length(nick) < 9)',
      true,
    ],
    [
      'another check',
      'ALTER TABLE users ADD CONSTRAINT c CHECK (length(nick) < 9)',
      'ALTER TABLE users ADD CONSTRAINT c CHECK (length(nick) < 8)',
      false,
    ],
  ])('%s is told again after the column came back with another number', (_name, before, after, isVerified) => {
    const drop = before.includes('ref') ? 'ALTER TABLE users DROP COLUMN ref' : DROP
    const add = before.includes('ref')
      ? 'ALTER TABLE users ADD COLUMN ref int'
      : 'ALTER TABLE users ADD COLUMN nick text'
    expect(verify(files(USERS, before, drop), 2, `${add}; ${after}`).isVerified).toBe(isVerified)
  })

  it('a function or view that comes back with another body is not what it was', () => {
    const body = (text: string) => `CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS '${text}'`
    expect(verify(files(body('SELECT 1'), body('SELECT 2')), 1, body('SELECT 1')).isVerified).toBe(true)
    expect(verify(files(body('SELECT 1'), body('SELECT 2')), 1, body('SELECT 3')).isVerified).toBe(false)
    const view = (text: string) => `CREATE OR REPLACE VIEW v AS SELECT ${text} AS a`
    expect(verify(files(view('1'), view('2')), 1, view('1')).isVerified).toBe(true)
    expect(verify(files(view('1'), view('2')), 1, view('3')).isVerified).toBe(false)
  })
})
