import { describe, expect, it } from 'vitest'
import { lintFiles } from '../lint/lint.ts'
import { RULES } from '../rules/index.ts'
import { ruleTable } from '../rules/judge.ts'
import { loadParser } from '../sql/parser.ts'

const parser = await loadParser()
const PARTITIONED = `CREATE TABLE days (at int, note text) PARTITION BY RANGE (at);
CREATE TABLE first PARTITION OF days FOR VALUES FROM (1) TO (2);
CREATE TABLE second (at int, note text);`
const CHECK = 'ALTER TABLE days ADD CONSTRAINT noted CHECK (note IS NOT NULL)'

/** Findings about the pending statements after a history. */
function findings(pending: string, history: readonly string[]) {
  const file = (text: string, name: string, isPending: boolean) => ({
    name,
    path: name,
    text,
    visible: text,
    transaction: 'file' as const,
    isPending,
  })
  const texts = [file(PARTITIONED + history.join(';\n'), 'history', false), file(pending, 'pending', true)]
  const { files } = lintFiles(parser, texts, {
    server: { major: 18, timeZone: 'UTC' },
    rules: ruleTable(RULES),
    deploys: 'together',
    world: 'closed',
    today: '2026-11-25',
  })
  return files[0]?.findings ?? []
}

/** Whether SET NOT NULL of a table's note is told as refusing what the release before may write, and as reading all rows. */
function setNotNull(table: string, ...history: readonly string[]): readonly string[] {
  const all = findings(`ALTER TABLE ONLY ${table} ALTER COLUMN note SET NOT NULL`, history)
  return all.filter(({ rule }) => rule === 'set-not-null').map(({ axis }) => axis)
}

describe('a CHECK of a partitioned table', () => {
  it('holds for its partitions, and not for tables that are none', () => {
    expect(setNotNull('first')).toEqual(['N', 'L'])
    expect(setNotNull('first', CHECK)).toEqual([])
    expect(setNotNull('second', CHECK)).toEqual(['N', 'L'])
  })

  it('proves nothing about old rows until the parent’s is validated', () => {
    expect(setNotNull('first', `${CHECK} NOT VALID`)).toEqual(['N', 'L'])
    expect(setNotNull('first', `${CHECK} NOT VALID`, 'ALTER TABLE days VALIDATE CONSTRAINT noted')).toEqual([])
  })

  it('goes with the parent’s, also from a partition that brought its own', () => {
    const own = 'ALTER TABLE second ADD CONSTRAINT noted CHECK (note IS NOT NULL)'
    const attach = 'ALTER TABLE days ATTACH PARTITION second FOR VALUES FROM (2) TO (3)'
    expect(setNotNull('second', CHECK, own, attach)).toEqual([])
    expect(setNotNull('second', CHECK, own, attach, 'ALTER TABLE days DROP CONSTRAINT noted')).toEqual(['N', 'L'])
  })

  it('stays with a partition that was detached before', () => {
    const detach = 'ALTER TABLE days DETACH PARTITION first'
    expect(setNotNull('first', CHECK, detach, 'ALTER TABLE days DROP CONSTRAINT noted')).toEqual([])
    expect(setNotNull('first', detach, CHECK)).toEqual(['N', 'L'])
  })

  it('is not passed on where it says NO INHERIT, or ONLY', () => {
    const inherits = 'CREATE TABLE base (note text); CREATE TABLE child () INHERITS (base)'
    const add = (only: string, more: string) => `ALTER TABLE ${only} base ADD CHECK (note IS NOT NULL) ${more}`
    expect(setNotNull('child', inherits, add('', ''))).toEqual([])
    expect(setNotNull('child', inherits, add('', 'NO INHERIT'))).toEqual(['N', 'L'])
    expect(setNotNull('child', inherits, add('ONLY', ''))).toEqual(['N', 'L'])
  })
})

describe('a foreign key of a partitioned table', () => {
  const ATTACH = 'ALTER TABLE days ATTACH PARTITION second FOR VALUES FROM (2) TO (3)'
  const TARGET = 'CREATE TABLE notes (note text PRIMARY KEY)'
  const key = (table: string) => `ALTER TABLE ${table} ADD CONSTRAINT known FOREIGN KEY (note) REFERENCES notes`
  /** What is said of writers of the table that is attached. */
  const attached = (...history: readonly string[]) =>
    findings(ATTACH, history)
      .filter(({ rule, axis }) => rule === 'add-foreign-key' && axis === 'N')
      .map(({ sqlstate, severity }) => `${sqlstate} ${severity}`)

  it('holds for what is attached from then on: its writers meet a key that they did not know', () => {
    expect(attached(TARGET)).toEqual([])
    expect(attached(TARGET, key('days'))).toEqual(['23503 block'])
    expect(attached(TARGET, key('days'), key('second'))).toEqual([])
  })

  it('stays with a partition that was detached, and is nothing new when it comes back', () => {
    const back = 'ALTER TABLE days ATTACH PARTITION first FOR VALUES FROM (1) TO (2)'
    const said = (...history: readonly string[]) =>
      findings(back, history).filter(({ rule, axis }) => rule === 'add-foreign-key' && axis === 'N').length
    const detach = 'ALTER TABLE days DETACH PARTITION first'
    expect(said(TARGET, key('days'), detach)).toBe(0)
    expect(said(TARGET, detach, key('days'))).toBe(1)
    const made = 'CREATE TABLE third PARTITION OF days FOR VALUES FROM (3) TO (4)'
    const third = findings('ALTER TABLE days ATTACH PARTITION third FOR VALUES FROM (3) TO (4)', [
      TARGET,
      key('days'),
      made,
      'ALTER TABLE days DETACH PARTITION third',
    ])
    expect(third.filter(({ rule }) => rule === 'add-foreign-key')).toEqual([])
  })
})
