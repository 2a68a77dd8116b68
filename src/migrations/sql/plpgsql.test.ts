import { beforeAll, describe, expect, it } from 'vitest'
import { loadParser, type SqlParser } from './parser.ts'
import { bodyStatements } from './plpgsql.ts'

let parser: SqlParser

beforeAll(async () => {
  parser = await loadParser()
})

const run = (body: string) => bodyStatements(parser, `DO $$ ${body} $$`)
const sqlOf = (body: string) => run(body).map(({ sql }) => sql)

describe('a loop whose rounds are written out is gone through', () => {
  it.each([
    [
      'FOREACH over a list',
      "DECLARE t text; BEGIN FOREACH t IN ARRAY ARRAY['a', 'b'] LOOP EXECUTE format('DROP TABLE %I', t); END LOOP; END",
    ],
    [
      'FOREACH over a variable',
      "DECLARE t text; l text[] := '{a,b}'; BEGIN FOREACH t IN ARRAY l LOOP EXECUTE 'DROP TABLE ' || t; END LOOP; END",
    ],
    [
      'FOR over unnest',
      "DECLARE t text; BEGIN FOR t IN SELECT unnest(ARRAY['a', 'b']) LOOP EXECUTE 'DROP TABLE ' || quote_ident(t); END LOOP; END",
    ],
    [
      'FOR over a function as a table',
      "DECLARE r record; BEGIN FOR r IN SELECT * FROM unnest(ARRAY['a', 'b']) AS x LOOP EXECUTE 'DROP TABLE ' || r.x; END LOOP; END",
    ],
    [
      'FOR over VALUES',
      "DECLARE r record; BEGIN FOR r IN SELECT * FROM (VALUES ('TABLE', 'a'), ('TABLE', 'b')) AS v(k, n) LOOP EXECUTE format('DROP %s %I', r.k, r.n); END LOOP; END",
    ],
  ])('%s', (_name, body) => {
    expect(sqlOf(body)).toEqual(['DROP TABLE a', 'DROP TABLE b'])
    expect(run(body).some(({ isConditional }) => isConditional)).toBe(false)
  })
  it('FOR over two numbers, with a constant beside', () => {
    const body =
      "DECLARE p constant text := 'part'; BEGIN FOR k IN 1..2 LOOP EXECUTE 'DROP TABLE ' || p || '_' || k; END LOOP; END"
    expect(sqlOf(body)).toEqual(['DROP TABLE part_1', 'DROP TABLE part_2'])
  })
  it('a loop in a loop', () => {
    const body =
      "DECLARE t text; c text; BEGIN FOREACH t IN ARRAY ARRAY['a', 'b'] LOOP FOREACH c IN ARRAY ARRAY['x', 'y'] LOOP EXECUTE format('ALTER TABLE %I DROP COLUMN %I', t, c); END LOOP; END LOOP; END"
    expect(sqlOf(body)).toHaveLength(4)
    expect(sqlOf(body)[3]).toBe('ALTER TABLE b DROP COLUMN y')
  })
})

describe('what depends on the database stays unknown', () => {
  it.each([
    [
      'rows of a catalog',
      "DECLARE r record; BEGIN FOR r IN SELECT relname FROM pg_class LOOP EXECUTE 'DROP TABLE ' || r.relname; END LOOP; END",
    ],
    [
      'some of a list',
      "DECLARE r record; BEGIN FOR r IN SELECT x FROM unnest(ARRAY['a']) AS x WHERE x <> 'a' LOOP EXECUTE 'DROP TABLE ' || r.x; END LOOP; END",
    ],
    [
      'a variable that is set on the way',
      "DECLARE t text := 'a'; BEGIN SELECT relname INTO t FROM pg_class; EXECUTE 'DROP TABLE ' || t; END",
    ],
    ['an assigned variable', "DECLARE t text := 'a'; BEGIN t := current_user; EXECUTE 'DROP TABLE ' || t; END"],
    ['more rounds than anybody reads', "BEGIN FOR k IN 1..100000 LOOP EXECUTE 'DROP TABLE t_' || k; END LOOP; END"],
  ])('%s', (_name, body) => expect(sqlOf(body).filter((sql) => sql === null)).toHaveLength(1))
  it.each(["EXECUTE 'SELECT 1';", 'NULL;'])('loops within loops end: %s', (inner) => {
    const loop = (body: string, at: number) => `FOR k${at} IN 1..200 LOOP ${body} END LOOP;`
    const body = Array.from({ length: 8 }).reduce<string>((all, _, at) => loop(all, at), inner)
    expect(run(`BEGIN ${body} END`).length).toBeLessThan(20_000)
  })
})
