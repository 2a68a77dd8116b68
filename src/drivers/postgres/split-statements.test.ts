import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { splitStatements } from './split-statements.ts'
import { whyNotAtAll, whyNotInTransaction } from './transaction-rules.ts'

const texts = (sql: string) => splitStatements(sql).map(({ text }) => text)

describe('a file of statements', () => {
  it.each([
    ['SELECT 1; SELECT 2', ['SELECT 1', 'SELECT 2']],
    [';;\n-- ;\n/* ; /* ; */ ; */ SELECT 1 ;\n', ['SELECT 1']],
    ["SELECT 'a;''b;'; SELECT 2", ["SELECT 'a;''b;'", 'SELECT 2']],
    ["SELECT 'a\\'; SELECT 2", ["SELECT 'a\\'", 'SELECT 2']],
    ["SELECT E'a\\';b'; SELECT 2", ["SELECT E'a\\';b'", 'SELECT 2']],
    ['SELECT "a;""b"; SELECT 2', ['SELECT "a;""b"', 'SELECT 2']],
    ['DO $$ a; b $x$ c; $$; SELECT 2', ['DO $$ a; b $x$ c; $$', 'SELECT 2']],
    ['DO $x$ a; $$ b; $x$; SELECT 2', ['DO $x$ a; $$ b; $x$', 'SELECT 2']],
    ['SELECT a$1; SELECT $1; SELECT 2', ['SELECT a$1', 'SELECT $1', 'SELECT 2']],
    [
      'CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); SELECT 3',
      ['CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)', 'SELECT 3'],
    ],
    [
      'CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; SELECT 3',
      ['CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END', 'SELECT 3'],
    ],
    ['BEGIN; SELECT 1; END; SELECT 2', ['BEGIN', 'SELECT 1', 'END', 'SELECT 2']],
    ["SELECT 'never ended; SELECT 2", ["SELECT 'never ended", 'SELECT 2']],
  ])('%s', (sql, expected) => expect(texts(sql)).toEqual(expected))

  it('knows the line of each', () => {
    expect(splitStatements('\n-- one\nSELECT 1;\n\n  SELECT\n 2;').map(({ line }) => line)).toEqual([3, 5])
  })

  it('loses nothing but semicolons, comments and blanks, and always ends', () => {
    const piece = fc.constantFrom(
      "'",
      '"',
      '$$',
      '$a$',
      ';',
      '(',
      ')',
      '--',
      '/*',
      '*/',
      '\n',
      ' ',
      'E',
      '\\',
      'BEGIN',
      'ATOMIC',
      'END',
      'x',
      '😀',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const sql = pieces.join('')
        let at = 0
        for (const { text } of splitStatements(sql)) {
          const found = sql.indexOf(text, at)
          expect(found).toBeGreaterThanOrEqual(at)
          at = found + text.length
        }
        expect(splitStatements(sql).every(({ text }) => text.trim() !== '')).toBe(true)
      }),
    )
  })

  it('does not slow down with what is never closed', () => {
    expect(texts(`${"'' ".repeat(20_000)}/*${'/*'.repeat(20_000)}`)).toHaveLength(1)
  })
})

describe('what may be in one transaction', () => {
  const why = (sql: string) =>
    splitStatements(sql)
      .map(whyNotInTransaction)
      .find((one) => one !== null) ?? null

  it.each([
    'VACUUM (FULL) t',
    'CLUSTER',
    'CREATE UNIQUE INDEX CONCURRENTLY i ON t (a)',
    'DROP INDEX CONCURRENTLY i',
    'REINDEX TABLE CONCURRENTLY t',
    'REINDEX (VERBOSE) DATABASE d',
    'CREATE DATABASE d',
    'DROP DATABASE d',
    "ALTER SYSTEM SET a = 'b'",
    'ALTER TABLE t DETACH PARTITION p CONCURRENTLY',
    'ALTER DATABASE d SET TABLESPACE s',
    "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p",
    'CALL p()',
    'begin; select 1; commit',
    'START TRANSACTION',
    "PREPARE TRANSACTION 'x'",
  ])('not: %s', (sql) => expect(why(sql)).not.toBeNull())

  it.each([
    'CREATE INDEX i ON t (a)',
    "SELECT 'CREATE INDEX CONCURRENTLY'",
    'ALTER TABLE t ADD COLUMN "CONCURRENTLY" int',
    "ALTER TYPE t ADD VALUE 'x'",
    'CLUSTER t USING i',
    'REINDEX TABLE t',
    'PREPARE q AS SELECT 1',
    'DO $$ BEGIN NULL; END $$',
  ])('%s', (sql) => expect(why(sql)).toBeNull())

  it.each(['COPY t FROM STDIN', 'copy t to stdout', '\\copy t from x', '\\! id'])('cannot be sent: %s', (sql) => {
    expect(splitStatements(sql).map(whyNotAtAll)[0]).not.toBeNull()
  })
})
