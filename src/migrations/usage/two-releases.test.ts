import { describe, expect, it } from 'vitest'
import { judgeRelease } from '../compatibility/judge-release.ts'
import { type ReplayFile, replayer } from '../compatibility/replay-files.ts'
import { loadParser } from '../sql/parser.ts'
import { collectQueries } from './collect-queries.ts'
import { readLog } from './read-log.ts'

const parser = await loadParser()

function file(name: string, text: string): ReplayFile {
  return { name, path: `${name}.sql`, text, visible: text, transaction: 'file' }
}

/** A shop, as two releases of it were written. */
const BASE = file(
  '0001_shop',
  `CREATE TYPE state AS ENUM ('open', 'paid', 'sent', 'lost');
  CREATE TABLE customers (id bigint PRIMARY KEY, email text NOT NULL UNIQUE, name text, phone text, fax text, old_code text);
  CREATE TABLE orders (id bigint PRIMARY KEY, customer bigint NOT NULL REFERENCES customers, state state NOT NULL DEFAULT 'open',
    total numeric(10, 2) NOT NULL, note text, coupon text, shipped_by text);
  CREATE TABLE lines (order_id bigint NOT NULL REFERENCES orders, product text NOT NULL, count int NOT NULL, color text);
  CREATE TABLE carts (id bigint PRIMARY KEY, data jsonb);
  CREATE TABLE legacy_exports (id bigint PRIMARY KEY, body text);
  CREATE VIEW open_orders AS SELECT id, customer FROM orders WHERE state = 'open';
  CREATE VIEW monthly AS SELECT date_trunc('month', now()) AS month, count(*) FROM orders;
  CREATE FUNCTION tax(amount numeric) RETURNS numeric LANGUAGE sql AS 'SELECT amount * 0.2';`,
)

/** What each does, and which release it breaks: the truth that is asked for. */
const CHANGES: readonly (readonly [sql: string, breaks: readonly ('r1' | 'r2')[]])[] = [
  ['ALTER TABLE customers DROP COLUMN fax', []],
  ['ALTER TABLE customers DROP COLUMN old_code', ['r1']],
  ['ALTER TABLE customers RENAME COLUMN phone TO telephone', []],
  ['ALTER TABLE orders DROP COLUMN coupon', []],
  ['ALTER TABLE orders DROP COLUMN shipped_by', ['r1', 'r2']],
  ['DROP TABLE legacy_exports', []],
  ['DROP VIEW monthly', []],
  ['DROP VIEW open_orders', ['r2']],
  ['DROP FUNCTION tax(numeric)', []],
  ['ALTER TABLE carts ADD COLUMN owner bigint NOT NULL', []],
  ['ALTER TABLE carts ADD CONSTRAINT has_data CHECK (data IS NOT NULL) NOT VALID', []],
  ['ALTER TABLE lines ALTER COLUMN color SET NOT NULL', ['r1', 'r2']],
  ['CREATE UNIQUE INDEX ON carts (data)', []],
  ['ALTER TABLE carts ALTER COLUMN data TYPE json', []],
  ['ALTER TABLE carts RENAME TO baskets', []],
]

const QUERIES = {
  r1: [
    'SELECT id, email, name FROM customers WHERE email = $1',
    'SELECT old_code FROM customers WHERE id = $1',
    'INSERT INTO orders (id, customer, total) VALUES ($1, $2, $3)',
    'UPDATE orders SET state = $1, shipped_by = $2 WHERE id = $3',
    'INSERT INTO lines (order_id, product, count) VALUES ($1, $2, $3)',
  ],
  r2: [
    'SELECT c.id, c.email FROM customers c JOIN orders o ON o.customer = c.id WHERE o.id = $1',
    'SELECT id FROM open_orders WHERE customer = $1',
    'INSERT INTO orders (id, customer, total, note) VALUES ($1, $2, $3, $4)',
    'SELECT shipped_by FROM orders WHERE id = $1',
    'INSERT INTO lines (order_id, product, count, color) VALUES ($1, $2, $3, $4)',
  ],
}

describe('two releases of a shop', () => {
  const breaks = (sql: string, queries: readonly string[] | null) =>
    judgeRelease(replayer(parser, { major: 18, timeZone: 'UTC' }), {
      base: [BASE],
      since: [file('0002', sql)],
      usage: queries === null ? null : { uses: [], statements: queries.map((text) => ({ text })) },
      today: '2026-01-01',
    }).breaks

  it.each(CHANGES)('%s breaks %j and nobody else', (sql, broken) => {
    const found = (['r1', 'r2'] as const).filter((name) => breaks(sql, QUERIES[name]).length > 0)
    expect(found).toEqual(broken)
  })

  it('known queries take away 60 % of the blocks at least', () => {
    const alone = CHANGES.flatMap(([sql]) => [breaks(sql, null), breaks(sql, null)]).flat().length
    const known = CHANGES.flatMap(([sql]) => [breaks(sql, QUERIES.r1), breaks(sql, QUERIES.r2)]).flat().length
    expect(alone).toBeGreaterThanOrEqual(CHANGES.length)
    expect(1 - known / alone).toBeGreaterThanOrEqual(0.6)
  })
})

describe('collectQueries', () => {
  it('has each query once, whatever its constants, those asked most first', () => {
    const collector = collectQueries(parser, false)
    for (const id of [1, 2, 3]) collector.add({ text: `SELECT name FROM customers WHERE id = ${id}` })
    collector.add({ text: "SELECT name FROM customers WHERE email = 'a@b.c';" })
    expect(collector.queries().map(({ text, calls }) => [text, calls])).toEqual([
      ['SELECT name FROM customers WHERE id = $1', 3],
      ['SELECT name FROM customers WHERE email = $1', 1],
    ])
    expect(collector.left()).toEqual({ others: 0, unkept: 0 })
  })

  it('tells what is about no rows from what may ask anything', () => {
    const collector = collectQueries(parser, true)
    for (const text of ['BEGIN', 'SET x = 1', '', 'CREATE TABLE a (i int)']) collector.add({ text })
    expect(collector.left()).toEqual({ others: 4, unkept: 0 })
    for (const text of ['CALL p()', 'DO $$ BEGIN END $$', 'no SQL', `SELECT '${'x'.repeat(70_000)}'`])
      collector.add({ text })
    expect(collector.left()).toEqual({ others: 4, unkept: 4 })
  })

  it('takes several statements of one text apart', () => {
    const collector = collectQueries(parser, true)
    collector.add({ text: 'BEGIN; SELECT 1; DELETE FROM carts; COMMIT' })
    expect(collector.queries().map(({ text }) => text)).toEqual(['SELECT 1', 'DELETE FROM carts'])
  })
})

describe('readLog', () => {
  it('finds statements over several lines, prepared ones too, and leaves parameters and errors alone', () => {
    const log = [
      '2026-11-25 10:00:00.000 UTC [7] LOG:  statement: SELECT id',
      '\tFROM carts',
      '2026-11-25 10:00:00.001 UTC [7] LOG:  execute <unnamed>: SELECT $1::int',
      "2026-11-25 10:00:00.001 UTC [7] DETAIL:  parameters: $1 = 'secret'",
      '2026-11-25 10:00:00.002 UTC [7] ERROR:  relation "nobody" does not exist',
      '2026-11-25 10:00:00.002 UTC [7] STATEMENT:  SELECT 1 FROM nobody',
      '2026-11-25 10:00:00.003 UTC [7] LOG:  duration: 0.123 ms  statement: SELECT 2',
      '2026-11-25 10:00:00.004 UTC [7] LOG:  checkpoint starting: time',
    ]
    expect([...readLog(log)]).toEqual(['SELECT id\nFROM carts', 'SELECT $1::int', 'SELECT 2'])
  })
})
