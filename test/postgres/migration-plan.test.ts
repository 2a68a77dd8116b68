import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readBackfill } from '../../src/migrations/backfill/read-backfill.ts'
import { LAYOUTS } from '../../src/migrations/layout/layouts.ts'
import type { LintFile } from '../../src/migrations/lint/lint.ts'
import { nextVersions } from '../../src/migrations/planner/next-version.ts'
import { planSequence, type Sequence } from '../../src/migrations/planner/plan-sequence.ts'
import type { WrittenDeploy, WrittenStage } from '../../src/migrations/planner/write-stage.ts'
import { loadParser, type SqlParser } from '../../src/migrations/sql/parser.ts'
import { APP_ROLE, Cluster, DATABASE } from './cluster.ts'
import { BASE, PLANNED_CHANGES, type PlannedChange, ROWS } from './planned-changes.ts'
import { type ReleaseWriter, startWriter } from './release-writer.ts'

const TURNS = 3

let cluster: Cluster
let parser: SqlParser
/** The schema that every change begins with. */
let base: string

beforeAll(async () => {
  cluster = await Cluster.make()
  parser = await loadParser()
  await cluster.sql(BASE, { role: APP_ROLE })
  await cluster.sql(`CREATE DATABASE base TEMPLATE ${DATABASE} OWNER ${APP_ROLE}`, { database: 'postgres' })
  await cluster.sql(ROWS, { role: APP_ROLE, database: 'base' })
  base = await run('base', [])
})
afterAll(() => cluster.close())

function plan({ asked, value }: PlannedChange): Sequence {
  const history: LintFile = {
    name: '0001',
    path: '0001.sql',
    text: BASE,
    visible: BASE,
    transaction: 'file',
    isPending: false,
  }
  const server = { major: 15, timeZone: 'UTC' }
  const version = nextVersions(['0001'], '2026-11-25')
  return planSequence({
    parser,
    server,
    world: 'closed',
    today: '2026-11-25',
    history: [history],
    text: asked,
    value: value ?? null,
    layout: LAYOUTS.plain,
    version,
  })
}

/** With rows in it; `DATABASE` itself has the schema alone. */
async function newDatabase(name: string): Promise<void> {
  await cluster.sql(`CREATE DATABASE ${name} TEMPLATE base OWNER ${APP_ROLE}`)
}

/** The schema after it. */
async function apply(database: string, stage: WrittenStage): Promise<string> {
  if (stage.kind === 'deploy') return run(database, upOf(stage))
  const ask = {
    ...readBackfill(parser, stage.sql),
    name: stage.what,
    targetMs: 20,
    maxBatchRows: 500,
    lockTimeoutMs: 200,
    maxLagBytes: 1e9,
    sliceMs: 2_000,
  }
  while ((await cluster.with({ database }).database.backfill(ask)).phase !== 'done');
  return run(database, [])
}

const upOf = ({ files }: WrittenDeploy) => files.map(({ written }) => written[0]?.text ?? '')
const downOf = ({ files }: WrittenDeploy) => files.toReversed().map(({ written }) => written[1]?.text ?? '')

/** Files as their runner sends them, then what the schema is. */
async function run(database: string, texts: readonly string[]): Promise<string> {
  const said = await cluster.sql(`${texts.join('\n')}\n\\echo ${MARK}\n${SHAPE}`, { role: APP_ROLE, database })
  return said.slice(said.indexOf(MARK) + MARK.length)
}

/** What the change makes of the schema when it is run as it was asked for, on empty tables. */
const directShape = ({ asked }: PlannedChange) => run(DATABASE, [`BEGIN; ${asked};`])

const MARK = '::shape'
/** Columns, constraints, indexes and the rest by name: the order of columns is another one. */
const SHAPE = `
SELECT line FROM (
  SELECT format('column %s.%s %s %s %s %s', attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull, attidentity, pg_get_expr(adbin, adrelid)) AS line
    FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE attnum > 0 AND NOT attisdropped AND attrelid::regclass::oid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'p'))
  UNION ALL SELECT format('constraint %s %s %s %s', conrelid::regclass, conname, convalidated, pg_get_constraintdef(oid)) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
  UNION ALL SELECT format('index %s %s', indexrelid::regclass, pg_get_indexdef(indexrelid)) FROM pg_index WHERE indrelid::regclass::oid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
  UNION ALL SELECT format('trigger %s', pg_get_triggerdef(oid)) FROM pg_trigger WHERE NOT tgisinternal
  UNION ALL SELECT format('function %s', oid::regprocedure) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
  UNION ALL SELECT format('partition %s %s', oid::regclass, pg_get_expr(relpartbound, oid)) FROM pg_class WHERE relispartition
  UNION ALL SELECT format('label %s %s', enumtypid::regtype, enumlabel) FROM pg_enum
  UNION ALL SELECT format('sequence %s', oid::regclass) FROM pg_class WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace
) AS lines ORDER BY line;`

interface Rolled {
  /** What the server refused. */
  readonly errors: readonly string[]
  /** The schema before the first stage, and after each. */
  readonly shapes: readonly string[]
}

/** Deploy by deploy, with the release before and the release of the deploy both at work, as in a blue/green deploy and after a rollback. */
async function roll(database: string, change: PlannedChange, sequence: Sequence): Promise<Rolled> {
  const errors: string[] = []
  const shapes = [base]
  const at = (release: number) => change.releases[Math.min(release, change.releases.length - 1)] ?? []
  const writers: ReleaseWriter[] = [startWriter(cluster, database, at(0))]
  for (const stage of sequence.stages) {
    // What waits for the window begins when no older release may come back: by then the live one alone is certain to be there.
    const most = (stage.kind === 'deploy' ? stage.phase === 'contract' : stage.waits === 'window') ? 1 : 2
    while (writers.length > most) errors.push(...(await stopFirst(writers)))
    await Promise.all(writers.map((one) => one.turns(1)))
    shapes.push(await apply(database, stage))
    if (stage.kind === 'deploy') writers.push(startWriter(cluster, database, at(stage.deploy)))
    await Promise.all(writers.map((one) => one.turns(TURNS)))
  }
  while (writers.length > 0) errors.push(...(await stopFirst(writers)))
  return { errors, shapes }
}

async function stopFirst(writers: ReleaseWriter[]): Promise<readonly string[]> {
  return (await writers.shift()?.stop()) ?? []
}

/** Undoes the deploys from the last one on, as far as nobody has to write a part by hand; each must give the schema of before. */
async function goBack(database: string, { stages }: Sequence, shapes: readonly string[]): Promise<void> {
  for (const [at, stage] of [...stages.entries()].toReversed()) {
    if (stage.kind === 'backfill') continue
    if (stage.inverse === 'by-hand') return
    expect(await run(database, downOf(stage))).toBe(shapes[at])
  }
}

describe('the old and the new release write through every step of a planned change: nothing is refused, no row missed', () => {
  it.each(PLANNED_CHANGES.map((one, at) => [one.asked, one, `case_${at}`] as const))(
    '%s',
    async (_asked, change, database) => {
      const sequence = plan(change)
      await newDatabase(database)
      const { errors, shapes } = await roll(database, change, sequence)
      expect(errors).toEqual([])
      const missed = change.missed === undefined ? '0' : (await cluster.sql(change.missed, { database })).trim()
      expect(missed).toBe('0')
      const end = shapes.at(-1)
      expect(end).toBe(sequence.differs.length === 0 ? await directShape(change) : end)
      await goBack(database, sequence, shapes)
    },
  )
})

describe('a contract that comes before its backfill', () => {
  it.each([
    ['ALTER TABLE users RENAME COLUMN nick TO handle', 'early_rename', 'SELECT count(*) FROM users WHERE nick IS NULL'],
    ['ALTER TABLE users ALTER COLUMN n TYPE bigint', 'early_type', 'SELECT count(*) FROM users WHERE n IS NULL'],
    ['ALTER TABLE users ADD COLUMN age int NOT NULL', 'early_value', 'SELECT count(age) FROM users'],
  ])('%s: it refuses by itself, and nothing is lost', async (asked, database, lost) => {
    await newDatabase(database)
    const deploys = plan({ asked, value: '0', releases: [] }).stages.filter((one) => one.kind === 'deploy')
    const contract = deploys.findIndex(({ phase }) => phase === 'contract')
    for (const stage of deploys.filter(({ phase }) => phase === 'expand')) await apply(database, stage)
    const before = await run(database, [])
    const early = deploys[contract]
    if (early === undefined) throw new Error('no contract')
    await expect(apply(database, early)).rejects.toThrow('rows of users are not filled yet')
    expect(await run(database, [])).toBe(before)
    expect((await cluster.sql(lost, { database })).trim()).toBe('0')
  })
})
