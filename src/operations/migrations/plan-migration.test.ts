import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { type PlanMigrationAsk, planMigration } from './plan-migration.ts'

const RENAME = 'ALTER TABLE users RENAME COLUMN nick TO handle'
const made: string[] = []
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'backflip-plan-'))
  made.push(folder)
  write('migrations/0007_users.sql', 'CREATE TABLE users (id bigint PRIMARY KEY, nick text NOT NULL);')
})
afterAll(() => {
  for (const one of made) rmSync(one, { recursive: true })
})

function write(path: string, text: string): void {
  mkdirSync(join(folder, path, '..'), { recursive: true })
  writeFileSync(join(folder, path), text)
}

function plan(change: string, ask: Partial<PlanMigrationAsk> = {}) {
  const server = { major: 18, timeZone: 'UTC' }
  const today = '2026-11-25'
  return planMigration({
    cwd: folder,
    change,
    history: 'migrations',
    out: 'out',
    value: null,
    layout: null,
    server,
    today,
    ...ask,
  })
}

const read = (path: string) => readFileSync(join(folder, path), 'utf8')

describe('planMigration', () => {
  it('writes what goes out together into one folder, numbered on from the history, with a README in order', async () => {
    const { files } = await plan(RENAME)
    expect(files).toEqual([
      'README.md',
      'deploy-1-expand/0008_d1_expand_add_users_handle.sql',
      'deploy-1-expand/0008_d1_expand_add_users_handle.down.sql',
      'backfill-after-deploy-1/fill_users_handle.sql',
      'deploy-2-switch/0009_d2_switch_validate_users_handle.sql',
      'deploy-2-switch/0009_d2_switch_validate_users_handle.down.sql',
      'deploy-3-contract/0010_d3_contract_drop_users_nick.sql',
      'deploy-3-contract/0010_d3_contract_drop_users_nick.down.sql',
    ])
    const headings = read('out/README.md').match(/^## .*$/gm)
    expect(headings).toEqual([
      '## Deploy 1: expand',
      '## After deploy 1: backfill',
      '## Deploy 2: switch',
      '## Deploy 3: contract',
      '## To know',
    ])
    expect(read('out/README.md')).toContain(
      'backflip migrations backfill backfill-after-deploy-1/fill_users_handle.sql',
    )
    expect(read('out/backfill-after-deploy-1/fill_users_handle.sql')).toContain('UPDATE users SET handle = nick')
  })

  it('never writes where something is: not into a folder with files, not over a file', async () => {
    write('out/notes.txt', 'mine')
    await expect(plan(RENAME)).rejects.toMatchObject({ code: 'plan-exists', kind: 'refused' })
    write('file', 'mine')
    await expect(plan(RENAME, { out: 'file' })).rejects.toMatchObject({ code: 'plan-exists', kind: 'refused' })
    await plan(RENAME, { out: null })
    await expect(plan(RENAME, { out: null })).rejects.toMatchObject({ code: 'plan-exists' })
    expect([read('file'), readdirSync(join(folder, 'out'))]).toEqual(['mine', ['notes.txt']])
  })

  it('writes nothing at all when there is no plan', async () => {
    await expect(plan('VACUUM FULL users')).rejects.toMatchObject({ code: 'no-safe-way' })
    expect(existsSync(join(folder, 'out'))).toBe(false)
  })

  it('takes a file with several changes, and leaves the file alone', async () => {
    const text = `BEGIN;\n${RENAME};\nALTER TABLE users ADD COLUMN age int NOT NULL;\nCOMMIT;\n`
    write('change.sql', text)
    const { sequence } = await plan('change.sql', { value: '0' })
    expect(sequence.stages.map((one) => (one.kind === 'deploy' ? one.phase : 'backfill'))).toEqual([
      'expand',
      'backfill',
      'switch',
      'contract',
      'expand',
      'backfill',
      'contract',
    ])
    expect(read('change.sql')).toBe(text)
  })

  it('takes a migration that is there already out of its history, and nothing of its inverse', async () => {
    write(
      'goose/0001_users.sql',
      '-- +goose Up\nCREATE TABLE users (id bigint PRIMARY KEY, nick text);\n-- +goose Down\nDROP TABLE users;\n',
    )
    const text =
      '-- +goose Up\nALTER TABLE users DROP COLUMN nick;\n-- +goose Down\nALTER TABLE users ADD COLUMN nick text;\n'
    write('goose/0002_drop.sql', text)
    write('goose/0003_after.sql', '-- +goose Up\nALTER TABLE users ADD COLUMN later int;\n-- +goose Down\nSELECT 1;\n')
    const { sequence, files } = await plan('goose/0002_drop.sql', { history: 'goose' })
    expect(sequence.stages.map((one) => (one.kind === 'deploy' ? one.phase : 'backfill'))).toEqual([
      'switch',
      'contract',
    ])
    expect(files.at(-1)).toMatch(/^deploy-2-contract\/0005_d2_/)
    expect(read('out/README.md')).toContain('Take `0002_drop.sql` out of your migrations')
    expect(read('goose/0002_drop.sql')).toBe(text)
  })

  it.each([
    ['no-such.sql', {}, 'no-such-file'],
    ['ALTER TABLE users', {}, 'plan-unreadable'],
    [RENAME, { history: 'nowhere' }, 'no-migrations'],
  ])('%s with %j: %s', async (change, ask, code) => {
    await expect(plan(change, ask)).rejects.toMatchObject({ code, kind: 'usage' })
  })
})
