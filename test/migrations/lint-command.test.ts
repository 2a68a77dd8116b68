import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { LintReport } from '../../src/migrations/lint/report.ts'
import { chooseRules } from '../../src/operations/migrations/choose-rules.ts'
import { lintCacheIn } from '../../src/operations/migrations/lint-cache.ts'
import { type LintAsk, lintMigrations } from '../../src/operations/migrations/lint-migrations.ts'
import { runMain } from '../fakes/run-main.ts'

let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lint-test-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function write(name: string, text: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true })
  writeFileSync(join(folder, name), text)
}

async function lint(...args: readonly string[]) {
  const ended = await runMain(['migrations', 'lint', ...args], folder)
  return { ...ended, report: () => JSON.parse(ended.out) as LintReport }
}

function rulesOf(report: LintReport, path: string): readonly string[] {
  return report.files.find((one) => one.path === path)?.findings.map(({ rule }) => rule) ?? []
}

describe('the exit code is the gate', () => {
  it('3 when something blocks, 0 when nothing does', async () => {
    write('m/001_a.sql', 'CREATE TABLE t (a int)')
    expect((await lint('m')).exitCode).toBe(0)
    write('m/002_b.sql', 'ALTER TABLE t DROP COLUMN a')
    const { exitCode, out } = await lint('m')
    expect(exitCode).toBe(3)
    expect(out).toContain('drops t.a')
    expect(out).toContain('m: plain')
  })
  it('3 for CONCURRENTLY in a migration of diesel, 0 when metadata.toml beside it says that it takes no transaction', async () => {
    write('m/2026-01-01-000000_a/up.sql', 'CREATE TABLE t (a int)')
    write('m/2026-01-02-000000_b/up.sql', 'CREATE INDEX CONCURRENTLY t_a ON t (a)')
    const { exitCode, out } = await lint('m')
    expect(exitCode).toBe(3)
    expect(out).toContain('m: diesel')
    write('m/2026-01-02-000000_b/metadata.toml', 'run_in_transaction = false\n')
    expect((await lint('m')).exitCode).toBe(0)
  })
  it.each([
    ['no path', []],
    ['a path that is not there', ['nowhere']],
    ['a format that is none', ['m', '--format', 'xml']],
    ['a rule that is none', ['m', '--rules', 'drop-colum']],
    ['a layout that is none', ['m', '--layout', 'rails']],
    ['a baseline that is none', ['m', '--since', 'v1']],
    ['a version that is none', ['m', '--postgres', '9.6x']],
    ['a rule to explain that is none', ['--explain', 'drop-colum']],
  ])('2 for %s', async (_what, args) => {
    write('m/001_a.sql', 'SELECT 1')
    const { exitCode, out, err } = await lint(...args)
    expect(exitCode).toBe(2)
    expect(out).toBe('')
    expect(err).not.toBe('')
  })
})

describe('formats', () => {
  beforeEach(() => {
    write('m/001_a.sql', 'CREATE TABLE t (a int)')
    write('m/002_b|c.sql', 'ALTER TABLE t\n  DROP COLUMN a')
  })
  it('json has the shape that is promised, and nothing else', async () => {
    const report = (await lint('m', '--format', 'json')).report()
    expect(Object.keys(report)).toEqual(['files', 'summary'])
    const [finding] = report.files[1]?.findings ?? []
    expect(report.files[1]?.path).toBe('m/002_b|c.sql')
    expect(finding).toEqual({
      rule: 'drop-column',
      axis: 'N',
      severity: 'block',
      line: 1,
      column: 1,
      statement: 'ALTER TABLE t\n  DROP COLUMN a',
      sqlstate: '42703',
      lock: 'AccessExclusive',
      rewrite: false,
      message: 'drops t.a, which the previous release may use',
      safe: 'Stop using it in one deploy; drop it in a later one, when no release of the rollback window reads or writes it.',
    })
  })
  it('sarif points at rules and places', async () => {
    const { runs } = JSON.parse((await lint('m', '--format', 'sarif')).out)
    const [result] = runs[0].results.filter((one: { readonly level: string }) => one.level === 'error')
    expect(runs[0].tool.driver.rules[result.ruleIndex].id).toBe('drop-column')
    expect(result.locations[0].physicalLocation.region).toEqual({ startLine: 1, startColumn: 1 })
  })
  it('gitlab gives each finding a fingerprint of its own', async () => {
    const found = JSON.parse((await lint('m', '--format', 'gitlab')).out) as readonly { readonly fingerprint: string }[]
    expect(new Set(found.map(({ fingerprint }) => fingerprint)).size).toBe(found.length)
    expect(found.length).toBeGreaterThan(1)
  })
  it('github says it in workflow commands, one line each', async () => {
    const { out } = await lint('m', '--format', 'github')
    expect(out.split('\n')[0]).toMatch(/^::error file=m\/002_b\|c\.sql,line=1,col=1,title=drop-column::drops t\.a/)
  })
  it('markdown keeps its table whole', async () => {
    const { out } = await lint('m', '--format', 'markdown')
    const rows = out.split('\n').filter((line) => line.startsWith('| **block**'))
    expect(rows.length).toBeGreaterThan(0)
    for (const row of rows) expect(row.replaceAll('\\|', '').split('|')).toHaveLength(7)
  })
})

describe('what is judged', () => {
  it('a file that is named stands on those before it', async () => {
    write('m/20240101000000_a/migration.sql', 'CREATE TABLE t (a int)')
    write('m/20240102000000_b/migration.sql', 'ALTER TABLE t DROP COLUMN a; DROP TABLE IF EXISTS u')
    const report = (await lint('m/20240102000000_b/migration.sql', '--format', 'json')).report()
    expect(report.files.map(({ path }) => path)).toEqual(['m/20240102000000_b/migration.sql'])
    expect(rulesOf(report, 'm/20240102000000_b/migration.sql')).toContain('drop-column')
    expect(rulesOf(report, 'm/20240102000000_b/migration.sql')).not.toContain('drop-table')
  })
  it('after the last applied migration, all is one deploy', async () => {
    write('m/001_a.sql', 'CREATE TABLE t (a int)')
    write('m/002_b.sql', 'CREATE TABLE u (b int)')
    write('m/003_c.sql', 'ALTER TABLE u DROP COLUMN b')
    expect((await lint('m', '--since', '001_a.sql')).exitCode).toBe(0)
    expect((await lint('m', '--since', '002_b.sql')).exitCode).toBe(3)
    expect((await lint('m', '--all')).exitCode).toBe(3)
  })
  it('after a commit: new files are judged, edited ones and those out of order are said', async () => {
    const git = (...args: readonly string[]) =>
      execFileSync('git', ['-C', folder, '-c', 'user.name=t', '-c', 'user.email=t@localhost', ...args], {
        stdio: 'pipe',
      })
    write('m/001_a.sql', 'CREATE TABLE t (a int)')
    write('m/003_c.sql', 'CREATE TABLE v (a int)')
    git('init', '-q')
    git('add', '.')
    git('commit', '-qm', 'base')
    write('m/001_a.sql', 'CREATE TABLE t (a bigint)')
    write('m/002_b.sql', 'ALTER TABLE t ADD COLUMN b int')
    write('m/004_d.sql', 'DROP TABLE v')
    const report = (await lint('m', '--since', 'HEAD', '--format', 'json')).report()
    expect(report.files.map(({ path }) => path)).toEqual(['m/001_a.sql', 'm/002_b.sql', 'm/004_d.sql'])
    expect(rulesOf(report, 'm/001_a.sql')).toEqual(['edit-migration'])
    expect(rulesOf(report, 'm/002_b.sql')).toContain('reorder-migration')
    expect(rulesOf(report, 'm/004_d.sql')).toContain('drop-table')
  })
  it('a file that cannot be read is one finding, and the others are judged', async () => {
    write('m/001_a.sql', '\ufeffCREATE TABLE t (a int)')
    symlinkSync(join(folder, 'gone.sql'), join(folder, 'm/002_b.sql'))
    write('m/003_c.sql', 'DROP TABLE t')
    const report = (await lint('m', '--format', 'json')).report()
    expect(rulesOf(report, 'm/001_a.sql')).not.toContain('read-sql')
    expect(rulesOf(report, 'm/002_b.sql')).toEqual(['read-sql'])
    expect(rulesOf(report, 'm/003_c.sql')).toContain('drop-table')
  })
  it('a migration that is a program is judged by its SQL, and that is said', async () => {
    write('m/20240101000000_a.js', "exports.up = (knex) => knex.raw('CREATE TABLE t (a int)')")
    write('m/20240102000000_b.js', "exports.up = (knex) => knex.raw('DROP TABLE t')")
    const rules = rulesOf((await lint('m', '--format', 'json')).report(), 'm/20240102000000_b.js')
    expect(rules).toEqual(expect.arrayContaining(['run-dynamic-sql', 'drop-table']))
  })
  it('where there is a place for the way back, its absence is said', async () => {
    write('m/1_a.up.sql', 'CREATE TABLE t (a int)')
    write('m/2_b.up.sql', 'CREATE TABLE u (a int)')
    write('m/2_b.down.sql', 'DROP TABLE u')
    const report = (await lint('m', '--format', 'json')).report()
    expect(rulesOf(report, 'm/1_a.up.sql')).toContain('miss-inverse')
    expect(rulesOf(report, 'm/2_b.up.sql')).not.toContain('miss-inverse')
  })
  it('style is off until it is asked for, and any rule can be left out', async () => {
    write('m/001_a.sql', 'CREATE TABLE t (a int)')
    write('m/002_b.sql', 'ALTER TABLE t DROP COLUMN a')
    const rules = async (...args: readonly string[]) =>
      (await lint('m', '--format', 'json', ...args))
        .report()
        .files.flatMap(({ findings }) => findings.map(({ rule }) => rule))
    expect(await rules()).not.toContain('prefer-bigint')
    expect(await rules('--rules', 'style')).toContain('prefer-bigint')
    expect(await rules('--rules', '-drop-column')).not.toContain('drop-column')
  })
})

describe('what an earlier run found out', () => {
  const ask = (change: Partial<LintAsk> = {}): LintAsk => ({
    cwd: folder,
    paths: ['m'],
    since: null,
    all: false,
    layout: null,
    transaction: null,
    server: { major: 18, timeZone: 'UTC' },
    rules: chooseRules(''),
    today: '2026-11-25',
    cache: lintCacheIn(join(folder, 'cache')),
    version: '1',
    ...change,
  })
  const entries = () => readdirSync(join(folder, 'cache')).length

  beforeEach(() => {
    write('m/001_a.sql', 'CREATE TABLE t (a int)')
    write('m/002_b.sql', 'ALTER TABLE t DROP COLUMN a')
  })

  it('is the same, and is found again', async () => {
    const first = await lintMigrations(ask())
    expect(entries()).toBe(1)
    expect(await lintMigrations(ask())).toEqual(first)
    expect(entries()).toBe(1)
  })
  it('is not believed when a file before, the settings or the rules are others', async () => {
    await lintMigrations(ask())
    write('m/001_a.sql', 'CREATE TABLE t (a int, b int)')
    await lintMigrations(ask())
    await lintMigrations(ask({ server: { major: 14, timeZone: 'UTC' } }))
    await lintMigrations(ask({ rules: chooseRules('-drop-column') }))
    await lintMigrations(ask({ version: '2' }))
    expect(entries()).toBe(5)
  })
  it('is not believed when its bytes were changed', async () => {
    const first = await lintMigrations(ask())
    const [name = ''] = readdirSync(join(folder, 'cache'))
    writeFileSync(join(folder, 'cache', name), `${'0'.repeat(64)}\n{"files":[],"statements":0}`)
    expect(await lintMigrations(ask())).toEqual(first)
  })
  it('asks the day only where an allow may expire', async () => {
    await lintMigrations(ask())
    await lintMigrations(ask({ today: '2026-11-26' }))
    expect(entries()).toBe(1)
    write('m/002_b.sql', '-- backflip:allow drop-column reason="x" expires=2026-11-25\nALTER TABLE t DROP COLUMN a')
    const { report } = await lintMigrations(ask())
    expect(report.summary.breaking).toBe(0)
    expect((await lintMigrations(ask({ today: '2026-11-26' }))).report.summary.breaking).toBe(1)
  })
})
