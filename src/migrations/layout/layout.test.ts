import { describe, expect, it } from 'vitest'
import { detectLayout } from './detect-layout.ts'
import { LAYOUTS, type LayoutName } from './layouts.ts'
import { orderMigrations } from './order.ts'
import { readMigration } from './read-migration.ts'

describe('a layout is recognised', () => {
  it.each<[LayoutName, readonly string[], string]>([
    ['prisma', ['20240101_a/migration.sql', 'migration_lock.toml'], ''],
    ['drizzle', ['20240101_a/migration.sql', '20240101_a/snapshot.json'], ''],
    ['drizzle', ['0000_a.sql'], 'CREATE TABLE a ();\n--> statement-breakpoint\n'],
    ['goose', ['1_a.sql'], '-- +migrate Up'],
    ['drizzle', ['0000_a.sql', 'meta/_journal.json'], ''],
    ['diesel', ['2024-01-01-000000_a/up.sql', '2024-01-01-000000_a/down.sql'], ''],
    ['flyway', ['V1__a.sql', 'R__b.sql'], ''],
    ['golang-migrate', ['1_a.up.sql', '1_a.down.sql'], ''],
    ['goose', ['1_a.sql'], '-- +goose Up'],
    ['dbmate', ['1_a.sql'], '-- migrate:up transaction:false'],
    ['graphile-migrate', ['committed/000001.sql'], '--! Previous: -'],
    ['node-pg-migrate', ['1_a.sql'], '-- Up Migration'],
    ['sqlx', ['1_a.sql'], '-- no-transaction\n'],
    ['knex', ['20240101000000_a.js'], ''],
    ['plain', ['a.sql'], 'SELECT 1'],
  ])('%s', (name, paths, head) => expect(detectLayout(paths, () => head).name).toBe(name))
})

describe('files come in the order of their runner', () => {
  it.each<[string, LayoutName, readonly string[], readonly string[]]>([
    ['numbers as numbers', 'plain', ['10_b.sql', '9_a.sql'], ['9_a.sql', '10_b.sql']],
    [
      'dates without their dashes',
      'diesel',
      ['20170308191449_y/up.sql', '2017-09-23-182408_x/up.sql'],
      ['20170308191449_y/up.sql', '2017-09-23-182408_x/up.sql'],
    ],
    [
      'versions part by part, repeatable ones last',
      'flyway',
      ['R__v.sql', 'V1.10__b.sql', 'V1.9__a.sql'],
      ['V1.9__a.sql', 'V1.10__b.sql', 'R__v.sql'],
    ],
    ['versions as versions', 'plain', ['0.10/1.sql', '0.9/1.sql'], ['0.9/1.sql', '0.10/1.sql']],
    ['numbers behind words', 'plain', ['upgrade-10.sql', 'upgrade-9.sql'], ['upgrade-9.sql', 'upgrade-10.sql']],
    [
      'no other database among them, by folder',
      'golang-migrate',
      ['mysql/1_a.up.sql', 'postgres/1_a.up.sql'],
      ['postgres/1_a.up.sql'],
    ],
    [
      'no other database among them, by name',
      'golang-migrate',
      ['1_a.sqlite.up.sql', '1_a.postgres.up.sql', '2_mysql.up.sql'],
      ['1_a.postgres.up.sql', '2_mysql.up.sql'],
    ],
    ['no folder of ways back', 'plain', ['deploy/a.sql', 'revert/a.sql', 'verify/a.sql'], ['deploy/a.sql']],
    ['no way down among them', 'golang-migrate', ['1_a.down.sql', '1_a.up.sql'], ['1_a.up.sql']],
  ])('%s', (_what, name, paths, expected) => expect(orderMigrations(LAYOUTS[name], paths)).toEqual(expected))
})

describe('of a file, only the way up is read', () => {
  it('with every place where it was', () => {
    const text = '-- +goose Up\nSELECT 1;\n-- +goose Down\nDROP TABLE a;\n'
    const { visible } = readMigration(LAYOUTS.goose, text, null)
    expect(visible).toHaveLength(text.length)
    expect(visible).toContain('SELECT 1;')
    expect(visible).not.toContain('DROP')
  })
  it.each<[string, LayoutName, string]>([
    ['sql-migrate', 'goose', '-- +migrate Up\nSELECT 1;\n-- +migrate Down\nDROP TABLE a;\n'],
    ['tern', 'plain', 'SELECT 1;\n---- create above / drop below ----\nDROP TABLE a;\n'],
    ['Mojo', 'plain', '-- 1 up\nSELECT 1;\n-- 1 down\nDROP TABLE a;\n-- 2 up\nSELECT 2;\n'],
  ])('as %s marks it', (_name, layout, text) => {
    const { visible } = readMigration(LAYOUTS[layout], text, null)
    expect(visible).toHaveLength(text.length)
    expect(visible).toContain('SELECT 1;')
    expect(visible).not.toContain('DROP')
    expect(visible.includes('SELECT 2')).toBe(text.includes('SELECT 2'))
  })
  it('of a program, what its literals quote', () => {
    const text = "await queryRunner.query('ALTER TABLE a ALTER b SET DEFAULT \\'x\\', ALTER c SET DEFAULT \\'y\\'')"
    const { visible } = readMigration(LAYOUTS.knex, text, null)
    expect(visible).toHaveLength(text.length)
    expect(visible.trim()).toBe("ALTER TABLE a ALTER b SET DEFAULT  'x' , ALTER c SET DEFAULT  'y' ;")
  })
  it('of a program, the literals of its raw() calls before the way down', () => {
    const text =
      "exports.up = (knex) => knex.raw(`\n  DROP TABLE a\n`).then(() => knex.raw('DROP TABLE b'))\nexports.down = (knex) => knex.raw('DROP TABLE c')"
    const { visible } = readMigration(LAYOUTS.knex, text, null)
    expect(visible).toHaveLength(text.length)
    expect(visible.replaceAll(/\s+/g, ' ').trim()).toBe('DROP TABLE a ; DROP TABLE b;')
    expect(visible.indexOf('DROP TABLE b')).toBe(text.indexOf('DROP TABLE b'))
  })
  it('and how it is sent is what it says, what was asked, or what the runner does', () => {
    const how = (name: LayoutName, text: string, asked: 'file' | null = null) =>
      readMigration(LAYOUTS[name], text, asked).transaction
    expect(how('goose', '-- +goose NO TRANSACTION\n-- +goose Up', 'file')).toBe('statement')
    expect(how('dbmate', '-- migrate:up transaction:false')).toBe('statement')
    expect(how('prisma', '')).toBe('script')
    expect(how('drizzle', '', 'file')).toBe('wrapped')
    expect(how('plain', '')).toBe('unknown')
    expect(how('plain', '', 'file')).toBe('file')
  })
})
