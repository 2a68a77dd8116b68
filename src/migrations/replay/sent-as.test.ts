import { describe, expect, it } from 'vitest'
import { LAYOUTS, type LayoutName } from '../layout/layouts.ts'
import { readMigration } from '../layout/read-migration.ts'
import { type LintSettings, lintFiles } from '../lint/lint.ts'
import { RULES } from '../rules/index.ts'
import { ruleTable } from '../rules/judge.ts'
import { loadParser } from '../sql/parser.ts'
import type { RunnerTransaction } from './sent-as.ts'

const parser = await loadParser()
const SETTINGS: LintSettings = {
  server: { major: 18, timeZone: 'UTC' },
  rules: ruleTable(RULES),
  deploys: 'together',
  world: 'closed',
  today: '2026-11-25',
}
const BASE = 'CREATE TABLE users (id bigint, email text); CREATE TABLE orders (id bigint, n int)'

/** Findings of one rule, as `file: severity`, over files that are deployed together after a base. */
function found(
  rule: string,
  layout: LayoutName,
  texts: readonly string[],
  more: { readonly transaction?: RunnerTransaction; readonly deploys?: LintSettings['deploys'] } = {},
): readonly string[] {
  const file = (text: string, at: number, isPending: boolean) => ({
    name: String(at),
    path: String(at),
    text,
    ...readMigration(LAYOUTS[layout], text, more.transaction ?? null),
    isPending,
  })
  const files = [file(BASE, 0, false), ...texts.map((text, index) => file(text, index + 1, true))]
  const { files: reported } = lintFiles(parser, files, { ...SETTINGS, deploys: more.deploys ?? 'together' })
  return reported.flatMap(({ path, findings }) =>
    findings.filter((one) => one.rule === rule).map(({ severity }) => `${path}: ${severity}`),
  )
}

const ONE = 'CREATE INDEX CONCURRENTLY users_email ON users (email)'
const TWO = `${ONE};\nCREATE INDEX CONCURRENTLY orders_n ON orders (n)`
const MIXED = `${ONE};\nALTER TABLE users ADD COLUMN a int`
const RULE = 'run-concurrently-in-transaction'

describe('CONCURRENTLY by itself, twice, and beside what needs a transaction', () => {
  it.each<readonly [LayoutName, one: string, two: string, mixed: string]>([
    // One query or statement by statement: their version decides.
    ['prisma', '', 'warn warn', 'warn'],
    ['golang-migrate', '', 'block block', 'block'],
    ['flyway', '', '', 'block'],
    // They open a transaction around whatever is in the file.
    ['drizzle', 'block', 'block block', 'block'],
    ['node-pg-migrate', 'block', 'block block', 'block'],
    ['goose', 'block', 'block block', 'block'],
    ['dbmate', 'block', 'block block', 'block'],
    ['sqlx', 'block', 'block block', 'block'],
    ['diesel', 'block', 'block block', 'block'],
    ['graphile-migrate', 'block', 'block block', 'block'],
    // Nobody knows the runner.
    ['plain', '', '', ''],
  ])('%s', (layout, ...expected) => {
    const said = [ONE, TWO, MIXED].map((text) =>
      found(RULE, layout, [text])
        .map((one) => one.replace('1: ', ''))
        .join(' '),
    )
    expect(said).toEqual(expected)
  })

  it.each<readonly [LayoutName, string]>([
    ['goose', '-- +goose NO TRANSACTION\n-- +goose Up\n'],
    ['dbmate', '-- migrate:up transaction:false\n'],
    ['sqlx', '-- no-transaction\n'],
    ['graphile-migrate', '--! no-transaction\n'],
  ])('is nobody’s fault where a file of %s says that it wants none', (layout, mark) => {
    expect(found(RULE, layout, [mark + TWO])).toEqual([])
  })

  it('is as the person says, whatever the layout says', () => {
    expect(found(RULE, 'prisma', [TWO], { transaction: 'statement' })).toEqual([])
    expect(found(RULE, 'plain', [ONE], { transaction: 'file' })).toEqual([])
    expect(found(RULE, 'plain', [TWO], { transaction: 'file' })).toEqual(['1: block', '1: block'])
    expect(found(RULE, 'node-pg-migrate', [ONE], { transaction: 'file' })).toEqual(['1: block'])
  })
})

describe('a runner that puts all pending files into one transaction', () => {
  const CHECK = 'ALTER TABLE orders ADD CONSTRAINT positive CHECK (n > 0) NOT VALID'
  const VALIDATE = 'ALTER TABLE orders VALIDATE CONSTRAINT positive'
  const rule = 'validate-in-same-transaction'

  it.each(['drizzle', 'node-pg-migrate'] as const)('holds the lock of one file over the next: %s', (layout) => {
    expect(found(rule, layout, [CHECK, VALIDATE])).toEqual(['2: block'])
    expect(
      found('hold-exclusive-lock', layout, ['ALTER TABLE users ADD COLUMN a int', 'UPDATE orders SET n = 1']),
    ).toEqual(['2: warn'])
  })

  it('is another transaction at another deploy, and where it was told to take one a file', () => {
    expect(found(rule, 'drizzle', [CHECK, VALIDATE], { deploys: 'each' })).toEqual([])
    expect(found(rule, 'node-pg-migrate', [CHECK, VALIDATE], { transaction: 'file' })).toEqual([])
    expect(found(rule, 'goose', [CHECK, VALIDATE])).toEqual([])
  })
})
