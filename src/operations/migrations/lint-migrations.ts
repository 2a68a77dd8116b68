import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LayoutName } from '../../migrations/layout/layouts.ts'
import { readMigration } from '../../migrations/layout/read-migration.ts'
import { type FileProblem, type LintFile, type LintResult, lintFiles } from '../../migrations/lint/lint.ts'
import { type LintReport, type ReportedFile, summarize } from '../../migrations/lint/report.ts'
import type { ServerFacts } from '../../migrations/replay/replay.ts'
import type { RunnerTransaction } from '../../migrations/replay/sent-as.ts'
import type { Rule } from '../../migrations/rules/define-rule.ts'
import { ruleTable } from '../../migrations/rules/judge.ts'
import { loadParser } from '../../migrations/sql/parser.ts'
import { choosePending, type Pending, shownPath } from './choose-pending.ts'
import { fileProblems } from './file-problems.ts'
import { findMigrations, type MigrationSet, toldTransaction } from './find-migrations.ts'
import { type LintCache, lintKey } from './lint-cache.ts'

export interface LintAsk {
  readonly cwd: string
  readonly paths: readonly string[]
  /** A git commit, or the name of the last applied migration. */
  readonly since: string | null
  readonly all: boolean
  /** Null: guessed. */
  readonly layout: LayoutName | null
  /** Null: what the layout says. */
  readonly transaction: RunnerTransaction | null
  readonly server: ServerFacts
  readonly rules: readonly Rule[]
  /** `2026-11-25`. */
  readonly today: string
  readonly cache: LintCache | null
  /** Of the rules; what is cached for another is not believed. */
  readonly version: string
}

/** What was looked at, for the person to see whether it was guessed right. */
export interface LintedSet {
  readonly root: string
  readonly layout: LayoutName
  readonly because: string
  readonly transaction: RunnerTransaction
  readonly history: number
  readonly judged: number
  readonly deploys: Pending['deploys']
}

export interface LintOutcome {
  readonly report: LintReport
  readonly sets: readonly LintedSet[]
}

/** Finds the migrations below the paths, replays them, and judges those that are pending. */
export async function lintMigrations(ask: LintAsk): Promise<LintOutcome> {
  const sets = findMigrations(ask.cwd, ask.paths, ask.layout)
  const files: ReportedFile[] = []
  const linted: LintedSet[] = []
  let statements = 0
  for (const set of sets) {
    const pending = await choosePending(set, ask.since, ask.all)
    const read = set.paths.map((path) => readOne(ask, set, path, pending))
    const result = await lintSet(ask, read, pending)
    for (const one of result.files) files.push(one)
    statements += result.statements
    const judged = read.filter(({ isPending }) => isPending).length
    linted.push({
      root: set.root,
      layout: set.guess.name,
      because: set.guess.because,
      transaction: ask.transaction ?? set.layout.transaction,
      history: read.length - judged,
      judged,
      deploys: pending.deploys,
    })
  }
  return { report: { files, summary: summarize(files, statements) }, sets: linted }
}

async function lintSet(ask: LintAsk, files: readonly LintFile[], { deploys }: Pending): Promise<LintResult> {
  const { server, today, cache } = ask
  // With a history to stand on, what an IF EXISTS asks for and no file made is not there.
  const world = files.length > 1 ? 'closed' : 'open'
  const asked = { server, deploys, world, rules: ask.rules.map(({ id }) => id) }
  const key = cache === null ? '' : lintKey(ask.version, asked, files, today)
  const known = cache?.read(key) ?? null
  if (known !== null) return known
  const settings = { server, deploys, world, today, rules: ruleTable(ask.rules) } as const
  const result = lintFiles(await loadParser(), files, settings)
  await cache?.write(key, result)
  return result
}

function readOne(ask: LintAsk, set: MigrationSet, path: string, pending: Pending): LintFile {
  const { text, problem } = readText(join(set.root, path))
  return {
    name: set.layout.nameOf(path),
    path: shownPath(ask.cwd, set, path),
    text,
    ...readMigration(set.layout, text, toldTransaction(set, path, ask.transaction)),
    isPending: pending.paths.has(path),
    problems: problem === null ? fileProblems(set, path, text, pending) : [problem],
  }
}

/** One that cannot be read is a finding, and the others are judged. */
function readText(file: string): { readonly text: string; readonly problem: FileProblem | null } {
  try {
    return { text: readFileSync(file, 'utf8'), problem: null }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    return { text: '', problem: { rule: 'read-sql', axis: 'L', severity: 'block', message: `cannot be read: ${code}` } }
  }
}
