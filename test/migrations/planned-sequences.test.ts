import { describe, expect, it } from 'vitest'
import { judgeRelease } from '../../src/migrations/compatibility/judge-release.ts'
import { replayer } from '../../src/migrations/compatibility/replay-files.ts'
import { LAYOUTS, type LayoutName } from '../../src/migrations/layout/layouts.ts'
import type { LintFile } from '../../src/migrations/lint/lint.ts'
import { nextVersions } from '../../src/migrations/planner/next-version.ts'
import { planSequence, type Sequence } from '../../src/migrations/planner/plan-sequence.ts'
import { loadParser } from '../../src/migrations/sql/parser.ts'
import { BASE, PLANNED_CHANGES } from '../postgres/planned-changes.ts'

const parser = await loadParser()
const SERVER = { major: 18, timeZone: 'UTC' }
const MORE = `
CREATE TABLE other.things (id int, kind text, "Odd Name" text, n_new int, n int, PRIMARY KEY (id, kind));
CREATE TABLE keyed_parts (id int, at date, note text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE keyed_parts_1 PARTITION OF keyed_parts FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
`
const HISTORY = file('0001', BASE + MORE)

function file(name: string, text: string): LintFile {
  return { name, path: `${name}.sql`, text, visible: text, transaction: 'file', isPending: false }
}

interface Ask {
  readonly value?: string | undefined
  readonly layout?: LayoutName
  readonly history?: readonly LintFile[]
}

function plan(text: string, { value, layout = 'plain', history = [HISTORY] }: Ask = {}): Sequence {
  const version = nextVersions(
    history.map(({ name }) => name),
    '2026-11-25',
  )
  return planSequence({
    parser,
    server: SERVER,
    world: history.length === 0 ? 'open' : 'closed',
    today: '2026-11-25',
    history,
    text,
    value: value ?? null,
    layout: LAYOUTS[layout],
    version,
  })
}

const deploysOf = ({ stages }: Sequence) => stages.filter((one) => one.kind === 'deploy')
const shapeOf = ({ stages }: Sequence) => stages.map((one) => (one.kind === 'deploy' ? one.phase : 'backfill'))

/** The rules that a release which carries `base` finds in what came after it, as the gate asks before a deploy and before a rollback. */
function gate(base: readonly LintFile[], since: readonly LintFile[]): readonly string[] {
  const { breaks } = judgeRelease(replayer(parser, SERVER), { base, since, usage: null, today: '2026-11-25' })
  return breaks.map(({ rule }) => rule)
}

function refused(asked: string) {
  try {
    return { code: null, text: shapeOf(plan(asked)).join() }
  } catch (error) {
    const { code, message, details = [] } = error as { code: string; message: string; details?: readonly string[] }
    return { code, text: [message, ...details].join('\n') }
  }
}

describe('the gate, at every step of a planned change', () => {
  it.each(PLANNED_CHANGES.map((one) => [one.asked, one] as const))(
    '%s: passes for the release before the step, and a contract refuses the one before the plan',
    (_asked, { asked, value, survives = false }) => {
      const deploys = deploysOf(plan(asked, { value }))
      const passed: string[] = []
      const history = [HISTORY]
      for (const { lintFiles, phase, files } of deploys) {
        expect(gate(history, lintFiles)).toEqual([])
        const isDeclared = files.some(({ written }) => written[0]?.text.includes('-- backflip:contract of=') === true)
        if (isDeclared && gate([HISTORY], [...history.slice(1), ...lintFiles]).length === 0) passed.push(phase)
        history.push(...lintFiles)
      }
      expect(passed).toEqual(survives ? ['contract'] : [])
    },
  )

  it.each((Object.keys(LAYOUTS) as LayoutName[]).filter((one) => one !== 'knex'))(
    '%s: each file is read by its runner as it was meant',
    (layout) => {
      const sequence = plan('ALTER TABLE users RENAME COLUMN nick TO handle', { layout })
      expect(shapeOf(sequence)).toEqual(['expand', 'backfill', 'switch', 'contract'])
      const names = deploysOf(sequence).flatMap(({ files }) => files.map(({ name }) => name))
      expect(new Set(names).size).toBe(names.length)
      const texts = deploysOf(sequence).flatMap(({ files }) => files.map(({ written }) => written[0]?.text ?? ''))
      expect(texts.at(-1)).toMatch(/^-- backflip:contract of=\S+$/m)
      const required = plan('ALTER TABLE users ADD COLUMN age int NOT NULL', { layout, value: '0' })
      expect(shapeOf(required)).toEqual(['expand', 'backfill', 'contract'])
      expect(shapeOf(plan('ALTER TABLE users ADD COLUMN code int UNIQUE', { layout }))).toEqual(['expand'])
    },
  )

  it.each<readonly [LayoutName, note: string | null, beside: string | null]>([
    ['drizzle', 'run the files with CONCURRENTLY yourself', null],
    ['node-pg-migrate', 'pgm.noTransaction()', null],
    ['diesel', null, 'run_in_transaction = false\n'],
    ['prisma', null, null],
  ])('%s: an index is built outside of a transaction, or the plan says what to do', (layout, note, beside) => {
    const sequence = plan('CREATE INDEX users_nick ON users (nick)', { layout })
    const files = deploysOf(sequence).flatMap(({ files: all }) => all)
    const alone = files.filter(({ run }) => run === 'alone')
    expect(alone.map(({ up }) => up.join())).toEqual([expect.stringContaining('CONCURRENTLY')])
    const notes = sequence.notes.filter((one) => /CONCURRENTLY/.test(one))
    expect(notes).toHaveLength(note === null ? 0 : 1)
    expect(notes.join()).toContain(note ?? '')
    const toml = alone[0]?.written.filter(({ path }) => path.endsWith('/metadata.toml')).map(({ text }) => text)
    expect(toml).toEqual(beside === null ? [] : [beside])
  })
})

describe('what is asked for', () => {
  it('is changed as little as it needs: what both releases survive is one deploy', () => {
    const sequence = plan('ALTER TABLE users ADD COLUMN age int')
    expect([sequence.isSafeAsItIs, shapeOf(sequence)]).toEqual([true, ['expand']])
  })

  it('in several statements becomes one sequence, in which safe ones go out with what follows them', () => {
    const text = 'BEGIN; ALTER TABLE users ADD COLUMN age int, DROP COLUMN note; CREATE TABLE made (id int); COMMIT;'
    expect(shapeOf(plan(text))).toEqual(['expand', 'switch', 'contract', 'expand'])
  })

  it.each([
    [
      'ALTER TABLE users ADD COLUMN age int; UPDATE users SET age = n + 1; ALTER TABLE users ALTER COLUMN age SET NOT NULL',
      ['expand', 'backfill', 'contract'],
    ],
    [
      'ALTER TABLE users ADD COLUMN age int; UPDATE users SET age = n + 1 WHERE age IS NULL; ALTER TABLE users ALTER COLUMN age SET NOT NULL',
      ['expand', 'backfill', 'contract'],
    ],
    [
      'UPDATE users SET note = n + 1 WHERE note IS NULL; ALTER TABLE users ALTER COLUMN note SET NOT NULL',
      ['switch', 'backfill', 'contract'],
    ],
  ])('that fills a column and then requires it fills it once, when releases write it: %s', (asked, shape) => {
    const sequence = plan(asked)
    expect(shapeOf(sequence)).toEqual(shape)
    const [fill] = sequence.stages.filter((one) => one.kind === 'backfill')
    expect(fill).toMatchObject({
      waits: 'window',
      sql: expect.stringMatching(/^UPDATE users SET \w+ = n \+ 1 WHERE \w+ IS NULL$/),
    })
  })

  it.each([
    ['ALTER TABLE users DROP COLUMN since', /ADD COLUMN since timestamp\(3\) with time zone/],
    ['ALTER TABLE users DROP COLUMN feeling', /ADD COLUMN feeling "Feeling"\[\]/],
    [
      'CREATE FUNCTION felt("Feeling", int) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
      /DROP FUNCTION felt\("Feeling", integer\)/,
    ],
    ['CREATE TABLE made (id int REFERENCES teams)', /DROP TABLE made/],
    ['DROP INDEX CONCURRENTLY IF EXISTS nowhere', /by hand|Write the way back/],
  ])('has a way back in the words of SQL: %s', (asked, said) => {
    const more = `CREATE TYPE "Feeling" AS ENUM ('a'); ALTER TABLE users ADD COLUMN since timestamptz(3), ADD COLUMN feeling "Feeling"[]`
    const deploys = deploysOf(plan(asked, { history: [HISTORY, file('0002', more)] }))
    expect(deploys.flatMap(({ files }) => files.flatMap(({ down }) => down)).join('\n')).toMatch(said)
  })

  it('that changes other rows than those without a value is not taken for the filling of a column', () => {
    const text = "UPDATE users SET note = 'x' WHERE n = 1; ALTER TABLE users ALTER COLUMN note SET NOT NULL"
    expect(shapeOf(plan(text))).toEqual(['backfill', 'switch', 'contract'])
  })

  it.each([
    ['ALTER TABLE other.things RENAME COLUMN "Odd Name" TO "Odder/Name"', /things_Odder_Name/],
    ['ALTER TABLE other.things ADD COLUMN "Größe" int NOT NULL', /things_Größe/],
    ['ALTER TABLE other.things ADD CONSTRAINT "my check" CHECK (id > 0)', /my_check/],
  ])('quoted names and other schemas stay what they are in SQL, and are plain in file names: %s', (asked, named) => {
    const deploys = deploysOf(plan(asked, { value: '1' }))
    const files = deploys.flatMap((one) => one.files)
    expect(files.map(({ name }) => name).join('\n')).toMatch(named)
    for (const { name } of files) expect(name).toMatch(/^[\p{L}\p{N}_.]+$/u)
    expect(files.flatMap(({ up }) => up).join('\n')).toContain('other.things')
  })

  it('names of ours stay within 63 bytes, and do not meet', () => {
    const long = 'b'.repeat(60)
    const history = [HISTORY, file('0002', `ALTER TABLE users ADD COLUMN ${long} int NOT NULL DEFAULT 1`)]
    const deploys = deploysOf(plan(`ALTER TABLE users ALTER COLUMN ${long} TYPE bigint`, { history }))
    const names = deploys.flatMap(({ files }) => files.flatMap(({ up }) => up.join(' ').match(/\w+/g) ?? []))
    expect(names.filter((one) => Buffer.byteLength(one) > 63)).toEqual([])
    for (const { name } of deploys.flatMap((one) => one.files)) expect(Buffer.byteLength(name)).toBeLessThan(120)
  })

  it.each([
    ['ALTER TABLE nowhere ADD COLUMN a int NOT NULL', 'plan-unknown-name', /makes the table nowhere/],
    ['ALTER TABLE users RENAME COLUMN nowhere TO b', 'plan-unknown-name', /users has no nowhere/],
    ['ALTER TABLE users ALTER COLUMN nowhere SET NOT NULL', 'plan-unknown-name', /users has no nowhere/],
    ['ALTER TABLE users DROP CONSTRAINT nowhere', 'plan-unknown-name', /users has no nowhere/],
    ['UPDATE nowhere SET a = 1 WHERE a IS NULL', 'plan-unknown-name', /makes the table nowhere/],
    ['DROP TABLE nowhere', 'plan-unknown-name', /makes the table nowhere/],
    ['ALTER TABLE users RENAME CONSTRAINT nowhere TO somewhere', 'plan-unknown-name', /users has no nowhere/],
    ['SELEC 1', 'plan-unreadable', /syntax error/],
    ['', 'plan-unreadable', /0 statements/],
    ['BEGIN; COMMIT', 'plan-unreadable', /0 statements/],
    [`ALTER TABLE users ADD CONSTRAINT ${'c'.repeat(64)} CHECK (n > 0)`, 'name-too-long', /cut after 63 bytes/],
    [`ALTER TABLE users RENAME COLUMN nick TO ${'c'.repeat(64)}`, 'name-too-long', /cut after 63 bytes/],
    ['ALTER TABLE plain ADD EXCLUDE USING gist (a WITH =)', 'no-safe-way', /maintenance window/],
    ['VACUUM FULL users', 'no-safe-way', /pg_repack/],
    ['ALTER TABLE users SET UNLOGGED', 'no-safe-way', /new table/],
    ['ALTER TABLE users ADD COLUMN g int GENERATED ALWAYS AS (n + 1) STORED', 'no-safe-way', /VIRTUAL/],
    ['ALTER TABLE users ADD COLUMN age int NOT NULL', 'no-safe-way', /--value/],
    ['UPDATE plain SET a = 1 WHERE a IS NULL', 'no-safe-way', /no primary key/],
    ['UPDATE users SET n = 1 FROM teams WHERE team_id = teams.id', 'no-safe-way', /another table/],
    ['TRUNCATE teams CASCADE', 'no-safe-way', /several tables/],
    ['ALTER TABLE other.things ALTER COLUMN n TYPE bigint', 'no-safe-way', /n_new is there already/],
    ['ALTER TABLE users RENAME COLUMN nick TO note', 'no-safe-way', /note is there already/],
    ['ALTER TABLE users ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY', 'no-safe-way', /DROP DEFAULT/],
    ['ALTER TABLE parts RENAME COLUMN note TO remark', 'no-safe-way', /partitioned/],
    ['ALTER TABLE parts ALTER COLUMN note TYPE varchar(9)', 'no-safe-way', /partitioned/],
    ['ALTER TABLE parts ADD COLUMN x int NOT NULL DEFAULT random()::int', 'no-safe-way', /partitions/],
    ['ALTER TABLE parts ALTER COLUMN note SET NOT NULL', 'no-safe-way', /partitions/],
    ['CREATE INDEX parts_note ON parts (note)', 'no-safe-way', /each partition/],
    ['CREATE UNIQUE INDEX parts_uni ON parts (at, id, note)', 'no-safe-way', /each partition/],
  ])('has no plan, and the reason is one sentence: %s', (asked, code, said) => {
    expect(refused(asked)).toEqual({ code, text: expect.stringMatching(said) })
  })

  it('under a runner that puts all files into one transaction, says so', () => {
    const notes = (layout: LayoutName, asked: string) => plan(asked, { layout, value: '0' }).notes.join('\n')
    const required = 'ALTER TABLE users ADD COLUMN age int NOT NULL'
    expect(notes('drizzle', required)).toContain('one transaction')
    expect(notes('node-pg-migrate', required)).toContain('--no-single-transaction')
    expect(notes('prisma', required)).toBe('')
    expect(notes('drizzle', 'ALTER TABLE users ADD COLUMN age int')).toBe('')
  })

  it('in a folder of programs is not written: SQL would not be found there', () => {
    expect(() => plan('ALTER TABLE users DROP COLUMN note', { layout: 'knex' })).toThrow(/knex are programs/)
  })

  it.each([
    ['ALTER TABLE keyed_parts_1 ALTER COLUMN note SET NOT NULL', ['switch', 'backfill', 'contract']],
    ["UPDATE keyed_parts SET note = '' WHERE note IS NULL", ['backfill']],
    ['ALTER TABLE parts DROP COLUMN note', ['switch', 'contract']],
    ['ALTER TABLE parts ADD CONSTRAINT positive CHECK (id > 0)', ['switch', 'contract', 'contract']],
    ['ALTER TABLE parts DETACH PARTITION parts_1', ['contract']],
    ["ALTER TABLE parts ATTACH PARTITION parts_2 FOR VALUES FROM (MINVALUE) TO ('2026-01-01')", ['switch', 'contract']],
    ['ALTER DOMAIN short ADD CONSTRAINT len CHECK (length(VALUE) < 10)', ['switch', 'contract', 'contract']],
    ['TRUNCATE plain_keyed', ['backfill']],
    ['ALTER VIEW named RENAME TO called', ['expand', 'switch', 'contract']],
    ['REVOKE SELECT ON teams FROM somebody', ['switch', 'contract']],
    ['DROP EXTENSION pgcrypto', ['switch', 'contract']],
    ['ALTER TYPE mood RENAME TO feeling', ['switch', 'contract']],
    ['ALTER FUNCTION f(int) RENAME TO g', ['switch', 'contract']],
    ['ALTER FUNCTION f(int) SET SCHEMA other', ['switch', 'contract']],
    ['ALTER TABLE users ENABLE ROW LEVEL SECURITY', ['switch', 'contract']],
    ['ALTER TABLE teams SET SCHEMA other', ['expand', 'switch', 'contract']],
    ['REINDEX TABLE users', ['expand']],
  ])('%s: %j', (asked, shape) => {
    const history = [HISTORY, file('0002', 'CREATE TABLE plain_keyed (id int PRIMARY KEY)')]
    expect(shapeOf(plan(asked, { value: "''", history }))).toEqual(shape)
  })

  it('without a history: what the statement names is taken to be there, and what nobody can know is asked for', () => {
    const without = (asked: string) => shapeOf(plan(asked, { value: '0', history: [] }))
    expect(without('ALTER TABLE anything ADD COLUMN age int NOT NULL')).toEqual(['expand', 'backfill', 'contract'])
    expect(without('ALTER TABLE anything DROP COLUMN age')).toEqual(['switch', 'contract'])
    expect(without('ALTER TABLE anything ADD CONSTRAINT positive CHECK (age > 0)')).toEqual([
      'switch',
      'contract',
      'contract',
    ])
    expect(() => without('ALTER TABLE anything RENAME COLUMN a TO b')).toThrow(/no sequence/)
  })
})
