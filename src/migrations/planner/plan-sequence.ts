import { refusal, usageError } from '../../domain/errors.ts'
import { readBackfill } from '../backfill/read-backfill.ts'
import type { Layout, LayoutName } from '../layout/layouts.ts'
import type { LintFile } from '../lint/lint.ts'
import type { Applied } from '../replay/changes.ts'
import type { Node } from '../sql/node.ts'
import { parseFile } from '../sql/parse-file.ts'
import type { AskedChange } from './asked-change.ts'
import { PLANNERS } from './changes/index.ts'
import { planPlain } from './changes/plain.ts'
import { compareCatalogs } from './compare-catalogs.ts'
import { foldFill } from './fold-fill.ts'
import { fileName, madeName } from './names.ts'
import { type BackfillStage, deploy, type PlannedFile, type Stage, type Transformation } from './sequence.ts'
import { splitChanges } from './split-statements.ts'
import { unknownName } from './unknown-names.ts'
import { type Observed, observe, type PlanWorld } from './world.ts'
import { type WrittenStage, writeStage } from './write-stage.ts'

export interface SequenceAsk extends PlanWorld {
  /** The migrations before, in their order. */
  readonly history: readonly LintFile[]
  readonly text: string
  /** What rows get that have no value yet; an expression. */
  readonly value: string | null
  readonly layout: Layout
  /** The version of the nth migration to come, from 0. */
  readonly version: (index: number) => string
}

export interface Sequence {
  /** In this order; what comes between two deploys waits for the one before it to be live. */
  readonly stages: readonly WrittenStage[]
  /** Both releases survive the change as it is, and nobody waits: one deploy. */
  readonly isSafeAsItIs: boolean
  readonly differs: readonly string[]
  readonly notes: readonly string[]
}

const MAX_STATEMENTS = 100

/**
 * The sequence of deploys for a change. Each is judged by the linter as a deploy of its own, and the schema at the end is compared with the one
 * that the change would have made. Errors: `plan-unreadable` (kind `usage`), `no-safe-way` (kind `refused`) with what to do instead,
 * `plan-not-equal` and `plan-not-safe` (kind `refused`) when our own check finds the plan wrong: nothing is written then.
 */
export function planSequence(ask: SequenceAsk): Sequence {
  if (ask.layout.name === 'knex') {
    throw usageError('migrations of knex are programs, and a plan is SQL', {
      code: 'plan-layout',
      hint: '--layout plain, and run each file with knex.raw',
    })
  }
  const parsed = parseFile(ask.parser, ask.text, ask.text)
  const [problem] = parsed.problems
  if (problem !== undefined) throw usageError(problem.message, { code: 'plan-unreadable' })
  const statements = splitChanges(ask.parser, parsed)
  if (statements.length === 0 || statements.length > MAX_STATEMENTS)
    throw usageError(`there are ${statements.length} statements to plan`, { code: 'plan-unreadable' })
  const done: Drafted = { stages: [], files: [...ask.history], plain: [], deploys: 0, migrations: 0 }
  const isSafeAsItIs = isSafe(ask)
  const plans: Transformation[] = []
  for (const { sql, value } of foldFill(ask.parser, statements, ask.value)) {
    const plan = planOne(
      { ...ask, value: value ?? ask.value },
      [...done.files, ...done.plain.map((one) => asFile(one.up.join(';')))],
      sql,
      isSafeAsItIs,
    )
    if ('up' in plan) {
      done.plain.push(plan)
      continue
    }
    flush(ask, done)
    for (const stage of plan.stages) append(ask, done, stage)
    plans.push(plan)
  }
  flush(ask, done)
  const differs = plans.flatMap((one) => one.differs ?? [])
  if (differs.length === 0) requireEqual(ask, done.files)
  const notes = [...plans.flatMap((one) => one.notes ?? []), ...runnerNotes(ask, done.stages)]
  return { stages: done.stages, isSafeAsItIs, differs, notes: [...new Set(notes)] }
}

/** Runners that put all pending files into one transaction, unless they are told otherwise: a lock of the first file is held over the last. */
const ONE_TRANSACTION: { readonly [Name in LayoutName]?: string } = {
  drizzle: 'drizzle runs all pending files in one transaction: deploy the files of a folder one after the other',
  'node-pg-migrate': 'node-pg-migrate runs all pending files in one transaction: run it with --no-single-transaction',
}

/** The same ones have no word for a SQL file that takes none. */
const ALWAYS_IN_TRANSACTION: { readonly [Name in LayoutName]?: string } = {
  drizzle:
    'drizzle runs nothing outside of a transaction: run the files with CONCURRENTLY yourself before the deploy, and keep them out of its journal',
  'node-pg-migrate':
    'node-pg-migrate runs SQL files in a transaction: put what has CONCURRENTLY into a program, with pgm.noTransaction()',
}

function runnerNotes({ layout }: SequenceAsk, stages: readonly WrittenStage[]): readonly string[] {
  const deploys = stages.filter((one) => one.kind === 'deploy')
  const isSplit = deploys.some(({ files }) => files.length > 1)
  const hasAlone = deploys.some(({ files }) => files.some(({ run }) => run === 'alone'))
  return [
    ...(isSplit ? [ONE_TRANSACTION[layout.name]] : []),
    ...(hasAlone ? [ALWAYS_IN_TRANSACTION[layout.name]] : []),
  ].filter((note) => note !== undefined)
}

interface Drafted {
  readonly stages: WrittenStage[]
  /** The history with what is planned so far. */
  readonly files: LintFile[]
  /** What may go out together with what comes next, because nobody minds it. */
  readonly plain: PlannedFile[]
  deploys: number
  migrations: number
}

function flush(ask: SequenceAsk, done: Drafted): void {
  const files = done.plain.splice(0)
  if (files.length > 0) append(ask, done, deploy('expand', 'May use what is new.', files))
}

function append(ask: SequenceAsk, done: Drafted, stage: Stage): void {
  if (stage.kind === 'deploy') done.deploys += 1
  else requireKey(ask, done.files, stage)
  const written = writeStage(ask, stage, {
    history: done.files,
    deploy: done.deploys,
    stems: (what, phase) => {
      const stem = `${ask.version(done.migrations)}_d${done.deploys}_${phase}_${fileName(what)}`
      done.migrations += 1
      return stem
    },
    contractOf: lastName(done.stages),
  })
  done.stages.push(written)
  if (written.kind === 'deploy') done.files.push(...written.lintFiles)
}

/** A backfill goes along the primary key. */
function requireKey(ask: SequenceAsk, files: readonly LintFile[], { sql }: BackfillStage): void {
  const { schema, table } = readBackfill(ask.parser, sql)
  const found = observe(ask, files, []).relations.find(
    (one) => one.kind === 'table' && one.name === table && (schema === null || one.schema === schema),
  )
  // A partition has its parent's.
  if (found?.kind !== 'table' || found.isAssumed || found.parents.length > 0) return
  if (found.constraints.some(({ kind }) => kind === 'primary-key')) return
  throw noSafeWay(sql, `${table} has no primary key to go along: plan ALTER TABLE … ADD PRIMARY KEY … before`)
}

/** Of the last deploy that is no contract: whoever runs that release no longer needs the old shape. */
function lastName(stages: readonly WrittenStage[]): string | null {
  const last = stages.findLast((one) => one.kind === 'deploy' && one.phase !== 'contract')
  return last?.kind === 'deploy' ? (last.files.at(-1)?.name ?? null) : null
}

function asFile(text: string): LintFile {
  return { name: 'asked', path: 'asked.sql', text, visible: text, transaction: 'statement', isPending: true }
}

function isSafe(ask: SequenceAsk): boolean {
  const { findings, applied } = observe(ask, ask.history, [asFile(ask.text)])
  const isRows = applied.some(({ changes }) => changes.some((one) => one.kind === 'change-rows' && one.by !== 'insert'))
  return !isRows && findings.every(({ severity }) => severity === 'note')
}

/** The plan of one statement; or a file that needs none. */
function planOne(
  ask: SequenceAsk,
  history: readonly LintFile[],
  sql: string,
  isSafeAsItIs: boolean,
): Transformation | PlannedFile {
  const seen = observe(ask, history, [asFile(sql)])
  const applied = seen.applied.at(-1)
  const node = seen.parsed[0]?.statements[0]?.node
  if (applied === undefined || node === undefined)
    throw usageError('the statement is empty', { code: 'plan-unreadable' })
  const { findings, relations, creationOf } = seen
  const wrong = wrongNames(ask, node, applied, seen)
  if (wrong !== null) throw usageError(wrong.message, { ...wrong, details: [sql.slice(0, 300)] })
  const { before, after } = seen.replay.catalog
  const change: AskedChange = {
    parser: ask.parser,
    node,
    sql,
    applied,
    findings,
    before,
    after,
    relations,
    creationOf,
    value: ask.value,
  }
  const plain = () => planPlain(change, madeName(...labelOf(sql)))
  const isRows = applied.changes.some((one) => one.kind === 'change-rows' && one.by !== 'insert')
  if (isSafeAsItIs || (!isRows && findings.every(({ severity }) => severity === 'note'))) return plain()
  for (const planner of PLANNERS) {
    const plan = planner(change)
    if (plan !== null && 'noWay' in plan) throw noSafeWay(sql, plan.noWay)
    if (plan !== null) return plan
  }
  const against = findings.filter(({ severity }) => severity !== 'note')
  if (against.every(({ severity }) => severity === 'warn') && applied.changes.length > 0) return plain()
  throw noSafeWay(sql, against[0]?.safe ?? 'nobody knows what it does: write its parts as statements')
}

/** Names that PostgreSQL would cut, and names that nothing has: the plan would be about something else. */
function wrongNames(
  ask: SequenceAsk,
  node: Node,
  applied: Applied,
  { findings, relations }: Pick<Observed, 'findings' | 'relations'>,
) {
  const cut = findings.find(({ rule }) => rule === 'cut-identifier')
  if (cut !== undefined) return { message: cut.message, code: 'name-too-long', hint: 'a shorter name' }
  const message = ask.world === 'closed' ? unknownName(node, applied, findings, relations) : null
  if (message === null) return null
  return { message, code: 'plan-unknown-name', hint: 'the right name, or --history with all migrations before it' }
}

/** The first words of a statement, for a file's name. */
function labelOf(sql: string): readonly string[] {
  return (sql.toLowerCase().match(/[a-z0-9_]+/g) ?? ['change']).slice(0, 6)
}

function noSafeWay(sql: string, instead: string) {
  return refusal('there is no sequence of deploys that keeps both releases working', {
    code: 'no-safe-way',
    details: [sql.slice(0, 300), instead],
    hint: 'backflip migrations lint --explain RULE',
  })
}

/** The schema that the sequence ends in is the one that was asked for. */
function requireEqual(ask: SequenceAsk, planned: readonly LintFile[]): void {
  const direct = observe(ask, ask.history, [asFile(ask.text)]).replay.catalog
  const differences = compareCatalogs(direct, observe(ask, planned, []).replay.catalog)
  if (differences.length === 0) return
  throw refusal('the plan ends in another schema than the change asks for; nothing is written', {
    code: 'plan-not-equal',
    details: differences.slice(0, 20),
    hint: 'take the change apart, and plan each part: backflip migrations plan',
  })
}
