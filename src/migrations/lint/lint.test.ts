import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { RULES } from '../rules/index.ts'
import { ruleTable } from '../rules/judge.ts'
import { loadParser, type SqlParser } from '../sql/parser.ts'
import { type LintFile, type LintSettings, lintFiles } from './lint.ts'

let parser: SqlParser

beforeAll(async () => {
  parser = await loadParser()
})

const CORE = ruleTable(RULES.filter(({ group }) => group === 'core'))
const SETTINGS: LintSettings = {
  server: { major: 18, timeZone: 'UTC' },
  rules: CORE,
  deploys: 'each',
  world: 'closed',
  today: '2026-11-25',
}

function files(...texts: readonly string[]): readonly LintFile[] {
  return texts.map((text, at) => ({
    path: `${at}.sql`,
    name: String(at),
    text,
    visible: text,
    transaction: 'file',
    isPending: true,
  }))
}

/** `rule axis severity` of what blocks, one list a file. */
function blocked(texts: readonly string[], settings: Partial<LintSettings> = {}): readonly (readonly string[])[] {
  const result = lintFiles(parser, files(...texts), { ...SETTINGS, ...settings })
  return result.files.map(({ findings }) =>
    findings.filter(({ severity }) => severity === 'block').map(({ rule, axis }) => `${rule} ${axis}`),
  )
}

/** What the second of two deploys blocks on axis N. */
const breaks = (given: string, deploy: string) =>
  (blocked([given, deploy])[1] ?? []).filter((one) => one.endsWith(' N'))

describe('the previous release is what counts', () => {
  it('a table that the deploy makes may be changed at will', () => {
    expect(
      blocked([
        'CREATE TABLE t (a int)',
        'CREATE TABLE u (a int); ALTER TABLE u DROP COLUMN a; ALTER TABLE u ADD b int NOT NULL',
      ]),
    ).toEqual([[], []])
  })
  it('an earlier deploy made it: then it may not', () => {
    expect(breaks('CREATE TABLE t (a int)', 'ALTER TABLE t DROP COLUMN a')).toEqual(['drop-column N'])
  })
  it('files of one deploy are judged together', () => {
    const two = ['CREATE TABLE t (a int)', 'ALTER TABLE t DROP COLUMN a']
    expect(blocked(two, { deploys: 'together' })).toEqual([[], []])
  })
  it('what is taken back before the deploy ends was never there', () => {
    const sql =
      'ALTER TABLE t RENAME COLUMN a TO b; ALTER TABLE t RENAME COLUMN b TO a; ALTER TABLE t ALTER a SET NOT NULL; ALTER TABLE t ALTER a DROP NOT NULL'
    expect(breaks('CREATE TABLE t (a int)', sql)).toEqual([])
  })
  it('a default that is dropped and set again leaves the column filled', () => {
    const sql =
      'ALTER TABLE t ADD b int NOT NULL DEFAULT 1; ALTER TABLE t ALTER b DROP DEFAULT; ALTER TABLE t ALTER b SET DEFAULT 2'
    expect(breaks('CREATE TABLE t (a int)', sql)).toEqual([])
  })
  it('a type that is made anew with all its labels is the same to old statements', () => {
    const given = "CREATE TYPE k AS ENUM ('a', 'b'); CREATE TABLE t (c k)"
    const swap = (labels: string) =>
      `CREATE TYPE k2 AS ENUM (${labels}); ALTER TABLE t ALTER c TYPE k2 USING c::text::k2; ALTER TYPE k RENAME TO k0; ALTER TYPE k2 RENAME TO k; DROP TYPE k0`
    expect(breaks(given, swap("'a', 'b', 'c'"))).toEqual([])
    expect(breaks(given, swap("'a'"))).toEqual(['drop-enum-value N'])
  })
  it('an index that is dropped and made again is still there', () => {
    const given = 'CREATE TABLE t (a int, b int); CREATE UNIQUE INDEX i ON t (a)'
    expect(breaks(given, 'DROP INDEX i; CREATE UNIQUE INDEX j ON t (a)')).toEqual([])
    expect(breaks(given, 'DROP INDEX i; CREATE UNIQUE INDEX j ON t (a, b)')).toEqual([
      'drop-unique-index N',
      'create-unique-index N',
    ])
  })
  it('a check that only helps SET NOT NULL along is gone at the end, the NOT NULL is not', () => {
    const proved =
      'ALTER TABLE t ADD CONSTRAINT c CHECK (a IS NOT NULL) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT c; ALTER TABLE t ALTER a SET NOT NULL; ALTER TABLE t DROP CONSTRAINT c'
    expect(breaks('CREATE TABLE t (a int)', proved)).toEqual(['set-not-null N'])
    expect(breaks('CREATE TABLE t (a int NOT NULL)', proved)).toEqual([])
  })
  it('NOT NULL … NOT VALID refuses what old code writes', () => {
    expect(breaks('CREATE TABLE t (a int)', 'ALTER TABLE t ADD NOT NULL a NOT VALID')).toEqual(['set-not-null N'])
  })
  it('a constraint that is made again with the same words refuses nothing new', () => {
    const given =
      'CREATE TABLE u (id int PRIMARY KEY); CREATE TABLE t (a int REFERENCES u, r tsrange, CONSTRAINT x EXCLUDE USING gist (r WITH &&))'
    expect(
      breaks(
        given,
        'ALTER TABLE t DROP CONSTRAINT t_a_fkey; ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u (id); ALTER TABLE t DROP CONSTRAINT x; ALTER TABLE t ADD CONSTRAINT y EXCLUDE USING gist (r WITH &&)',
      ),
    ).toEqual([])
  })
  it('a constraint that takes over an index is known by its name', () => {
    const given = 'CREATE TABLE t (a int); CREATE UNIQUE INDEX i ON t (a); ALTER TABLE t ADD UNIQUE USING INDEX i'
    expect(breaks(given, 'ALTER TABLE t DROP CONSTRAINT i')).toEqual(['drop-unique-constraint N'])
  })
  it.each([
    ['renamed', 'ALTER FUNCTION f(int) RENAME TO g', ['drop-function N']],
    ['moved', 'ALTER FUNCTION f SET SCHEMA app', ['drop-function N']],
    ['there and back', 'ALTER FUNCTION f(int) RENAME TO g; ALTER FUNCTION g(int) RENAME TO f', []],
    [
      'made again with another name for its argument',
      "DROP FUNCTION f(int); CREATE FUNCTION f(b int, OUT c int) LANGUAGE sql AS 'select 1'",
      ['drop-function N'],
    ],
    [
      'made again with one column less',
      "DROP FUNCTION f(int); CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'select 1'",
      ['drop-function N'],
    ],
    [
      'made again with one column more',
      "DROP FUNCTION f(int); CREATE FUNCTION f(a int, OUT c int, OUT d int) LANGUAGE sql AS 'select 1, 2'",
      [],
    ],
  ])('a function is %s', (_how, deploy, expected) => {
    expect(breaks("CREATE SCHEMA app; CREATE FUNCTION f(a int, OUT c int) LANGUAGE sql AS 'select 1'", deploy)).toEqual(
      expected,
    )
  })
  it('a column that is renamed is renamed in its partitions', () => {
    const given = `CREATE TABLE t (a int, b int) PARTITION BY RANGE (a);
      CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (9);
      ALTER TABLE t RENAME COLUMN b TO c`
    expect(breaks(given, 'ALTER TABLE t1 ALTER c SET NOT NULL')).toEqual(['set-not-null N'])
  })
  it('a schema takes its functions along', () => {
    const given = "CREATE SCHEMA app; CREATE FUNCTION app.f() RETURNS int LANGUAGE sql AS 'select 1'"
    expect(breaks(given, 'DROP SCHEMA app CASCADE; CREATE SCHEMA app')).toContain('drop-function N')
  })
  it('a table that no longer inherits outlives its parent', () => {
    const given = 'CREATE TABLE p (a int); CREATE TABLE c () INHERITS (p); ALTER TABLE c NO INHERIT p'
    expect(breaks(given, 'DROP TABLE p CASCADE')).toEqual(['drop-table N'])
  })
  it('an extension goes only when it is there', () => {
    const drop = 'DROP EXTENSION IF EXISTS citext'
    expect(breaks('CREATE EXTENSION citext', drop)).toEqual(['drop-extension N'])
    expect(breaks('CREATE TABLE t (a int)', drop)).toEqual([])
  })
  it('VACUUM FULL without a list rewrites every table', () => {
    expect(blocked(['CREATE TABLE t (a int)', 'VACUUM FULL'])[1]).toContain('rewrite-table L')
  })
  it('what is logged already is not written anew', () => {
    const change = (to: string) => blocked(['CREATE TABLE t (a int)', `ALTER TABLE t SET ${to}`])[1]
    expect(change('LOGGED')).toEqual([])
    expect(change('UNLOGGED')).toContain('change-storage L')
  })
  it('a foreign key on a new nullable column asks nothing of old inserts', () => {
    const given = 'CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE t (a int)'
    expect(breaks(given, 'ALTER TABLE t ADD p_id int REFERENCES p (id)')).toEqual([])
    expect(breaks(given, 'ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES p (id) NOT VALID')).toEqual([
      'add-foreign-key N',
    ])
  })
  it('a name without a schema is found where it stands alone', () => {
    expect(breaks('CREATE SCHEMA app; CREATE TABLE app.t (a int)', 'ALTER TABLE t DROP COLUMN a')).toEqual([
      'drop-column N',
    ])
  })
  it('a temporary table is gone with its session', () => {
    expect(blocked(['CREATE TEMP TABLE x (a int)', 'DROP TABLE IF EXISTS x'])).toEqual([[], []])
  })
  it('an identity that is dropped fills nothing any more', () => {
    const given = 'CREATE TABLE t (id int GENERATED BY DEFAULT AS IDENTITY)'
    expect(breaks(given, 'ALTER TABLE t ALTER id DROP IDENTITY')).toEqual(['drop-default N'])
    expect(breaks(given, 'ALTER TABLE t ALTER id DROP IDENTITY; ALTER TABLE t ALTER id SET DEFAULT 1')).toEqual([])
  })
  it('a sequence that an identity takes over is still there', () => {
    const given = 'CREATE TABLE t (id serial)'
    const sql =
      'ALTER TABLE t ALTER id DROP DEFAULT; DROP SEQUENCE t_id_seq; ALTER TABLE t ALTER id ADD GENERATED BY DEFAULT AS IDENTITY (START WITH 100)'
    expect(breaks(given, sql)).toEqual([])
  })
  it('a schema that no file made and that need not be there is no loss', () => {
    expect(blocked(['SELECT 1', 'DROP SCHEMA IF EXISTS app CASCADE'])).toEqual([[], []])
    expect(breaks('CREATE SCHEMA app; CREATE TABLE app.t (a int)', 'DROP SCHEMA app CASCADE')).toEqual([
      'drop-schema N',
      'drop-table N',
    ])
  })
  it('search_path says where new things go', () => {
    expect(
      breaks(
        'CREATE SCHEMA app; SET search_path = app; CREATE TABLE t (a int); CREATE TABLE public.t (b int)',
        'ALTER TABLE app.t DROP COLUMN a',
      ),
    ).toEqual(['drop-column N'])
  })
})

describe('what cannot be known is taken for granted or said', () => {
  it('without a history, what is named was there before', () => {
    expect(blocked(['DROP TABLE IF EXISTS t'], { world: 'open' })).toEqual([['drop-table N']])
  })
  it('with one, IF EXISTS of what no file made does nothing', () => {
    expect(blocked(['DROP TABLE IF EXISTS t'])).toEqual([[]])
  })
  it('a string that is put together at run time is said', () => {
    const sql = "DO $$ DECLARE n text; BEGIN SELECT 'x' INTO n; EXECUTE 'DROP TABLE ' || n; END $$"
    const { files: judged } = lintFiles(parser, files(sql), SETTINGS)
    expect(judged[0]?.findings.map(({ rule }) => rule)).toContain('run-dynamic-sql')
  })
})

describe('PL/pgSQL is read', () => {
  const given = 'CREATE TABLE t (a int, b int)'
  it.each([
    ['a DO block', 'DO $$ BEGIN ALTER TABLE t DROP COLUMN a; END $$'],
    ['a branch', 'DO $$ BEGIN IF true THEN ALTER TABLE t DROP COLUMN a; END IF; END $$'],
    ['a constant EXECUTE', "DO $$ BEGIN EXECUTE 'ALTER TABLE t ' || 'DROP COLUMN a'; END $$"],
    ['format with constants', "DO $$ BEGIN EXECUTE format('ALTER TABLE %I DROP COLUMN %I', 't', 'a'); END $$"],
    [
      'a function that is called',
      'CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN ALTER TABLE t DROP COLUMN a; END $$; SELECT f()',
    ],
  ])('%s', (_what, sql) => expect(breaks(given, sql)).toEqual(['drop-column N']))

  it('a loop over a list that is written out runs for each of it', () => {
    const loop =
      "DO $$ DECLARE t text; BEGIN FOREACH t IN ARRAY ARRAY['t', 'u'] LOOP EXECUTE format('ALTER TABLE %I DROP COLUMN a', t); END LOOP; END $$"
    expect(breaks('CREATE TABLE t (a int); CREATE TABLE u (a int)', loop)).toEqual(['drop-column N', 'drop-column N'])
  })
  it.each([
    ['by position', "SELECT add_rule('t', 'CHECK (a > 0)')"],
    ['by name', "SELECT add_rule(rule => 'CHECK (a > 0)', tab => 't')"],
    ['from a block', "DO $$ BEGIN PERFORM add_rule('t', 'CHECK (a > 0)'); END $$"],
  ])('a function that is called runs with what it is given %s', (_how, call) => {
    const helper =
      "CREATE FUNCTION add_rule(tab text, rule text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'ALTER TABLE ' || tab || ' ADD ' || rule; END $$;"
    expect(breaks('CREATE TABLE t (a int)', helper + call)).toEqual(['add-check N'])
  })
  it('a function that is only made changes nothing', () => {
    expect(
      breaks(
        given,
        'CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN ALTER TABLE t DROP COLUMN a; END $$',
      ),
    ).toEqual([])
  })
  it('a finding stands on the line of the body', () => {
    const { files: judged } = lintFiles(
      parser,
      files(given, 'DO $$\nBEGIN\n  ALTER TABLE t DROP COLUMN a;\nEND $$;'),
      SETTINGS,
    )
    const found = judged[1]?.findings.find(({ rule, axis }) => rule === 'drop-column' && axis === 'N')
    expect(found).toMatchObject({ line: 3, column: 3 })
  })
})

describe('an allow', () => {
  const given = 'CREATE TABLE t (a int, b int)'
  const severities = (sql: string) =>
    (lintFiles(parser, files(given, sql), SETTINGS).files[1]?.findings ?? [])
      .filter(({ rule, axis }) => axis === 'N' || ['give-reason', 'remove-allow', 'renew-allow'].includes(rule))
      .map(({ rule, severity }) => `${rule} ${severity}`)

  it('holds for its statement alone', () => {
    const sql =
      '-- backflip:allow drop-column reason="never shipped"\nALTER TABLE t DROP COLUMN a;\nALTER TABLE t DROP COLUMN b;'
    expect(severities(sql)).toEqual(['drop-column note', 'drop-column block'])
  })
  it('may stand behind its statement on the same line', () => {
    expect(severities('ALTER TABLE t DROP COLUMN a; -- backflip:allow drop-column reason="x"')).toEqual([
      'drop-column note',
    ])
  })
  it('without a reason counts for nothing and is a finding itself', () => {
    expect(severities('-- backflip:allow drop-column\nALTER TABLE t DROP COLUMN a;').toSorted()).toEqual([
      'drop-column block',
      'give-reason block',
    ])
  })
  it('holds through its last day', () => {
    const until = (day: string) =>
      severities(`-- backflip:allow drop-column reason="x" expires=${day}\nALTER TABLE t DROP COLUMN a;`)
    expect(until('2026-11-25')).toEqual(['drop-column note'])
    expect(until('2026-11-24')).toContain('renew-allow block')
  })
  it('in a string is text', () => {
    expect(
      severities("ALTER TABLE t ADD c text DEFAULT '-- backflip:allow drop-column'; ALTER TABLE t DROP COLUMN a"),
    ).toEqual(['drop-column block'])
  })
})

it('a contract names a migration of an earlier deploy', () => {
  const judged = (of: string) =>
    blocked(['CREATE TABLE t (a int)', `-- backflip:contract of=${of}\nALTER TABLE t DROP COLUMN a`])[1]
  expect(judged('0')).toEqual([])
  expect(judged('1')).toEqual(['name-contract L', 'drop-column N'])
})

it('no input aborts a run, and every finding has a place', () => {
  const words = fc.constantFrom(
    'CREATE TABLE t (a int PRIMARY KEY);',
    'ALTER TABLE t ADD COLUMN b text NOT NULL;',
    'ALTER TABLE t DROP COLUMN a CASCADE;',
    'DROP TABLE IF EXISTS t CASCADE;',
    'CREATE UNIQUE INDEX CONCURRENTLY ON t (lower(b));',
    "DO $$ BEGIN EXECUTE 'DROP TABLE t'; END $$;",
    '-- backflip:allow drop-table reason="x"\n',
    'BEGIN;',
    'COMMIT;',
    'ALTER TABLE t RENAME TO u;',
    'CREATE VIEW v AS SELECT * FROM t;',
    "'",
    '$$',
    '/*',
    '{{ x }}',
    '\0',
    '😀',
    '\ud800',
  )
  fc.assert(
    fc.property(
      fc.array(words, { maxLength: 15 }),
      fc.array(words, { maxLength: 15 }),
      fc.constantFrom('open', 'closed'),
      (a, b, world) => {
        const result = lintFiles(parser, files(a.join(' '), b.join(' ')), {
          ...SETTINGS,
          rules: ruleTable(RULES),
          world: world as 'open' | 'closed',
        })
        expect(result.files).toHaveLength(2)
        for (const { findings } of result.files)
          for (const { line, column } of findings) expect(Math.min(line, column)).toBeGreaterThan(0)
      },
    ),
    { numRuns: 300 },
  )
})
