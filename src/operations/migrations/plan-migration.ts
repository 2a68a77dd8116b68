import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { refusal, usageError } from '../../domain/errors.ts'
import { LAYOUTS, type LayoutName } from '../../migrations/layout/layouts.ts'
import { readMigration } from '../../migrations/layout/read-migration.ts'
import type { LintFile } from '../../migrations/lint/lint.ts'
import { madeName } from '../../migrations/planner/names.ts'
import { nextVersions } from '../../migrations/planner/next-version.ts'
import { planSequence, type Sequence } from '../../migrations/planner/plan-sequence.ts'
import { renderReadme, stageFolder } from '../../migrations/planner/readme.ts'
import type { ServerFacts } from '../../migrations/replay/replay.ts'
import { loadParser } from '../../migrations/sql/parser.ts'
import { findMigrations } from './find-migrations.ts'

export interface PlanMigrationAsk {
  readonly cwd: string
  /** SQL, or the path of a file that holds it. */
  readonly change: string
  /** The folder of the migrations before it. Without one, what the change names is taken to be there. */
  readonly history: string | null
  /** Null: a new folder below `cwd`, named for the change. */
  readonly out: string | null
  readonly value: string | null
  readonly layout: LayoutName | null
  readonly server: ServerFacts
  /** `2026-11-25`. */
  readonly today: string
}

export interface PlannedMigration {
  readonly sequence: Sequence
  /** Absolute. */
  readonly folder: string
  /** From the folder, with `/`, in the order in which they are used. */
  readonly files: readonly string[]
}

const MAX_CHANGE_BYTES = 1_000_000

/** Plans a change and writes the plan's files into a folder of its own. Nothing that is there is overwritten: error `plan-exists` (kind `refused`). */
export async function planMigration(ask: PlanMigrationAsk): Promise<PlannedMigration> {
  const change = readChange(ask)
  const { files: history, layout, instead } = readHistory(ask, change.file)
  // A file says more than what runs on the way up: marks of its runner, and its own inverse.
  const asked = change.file === null ? change.text : readMigration(LAYOUTS[layout], change.text, null).visible
  const folder = resolve(ask.cwd, ask.out ?? `migration-plan-${labelOf(asked)}`)
  const there = statSync(folder, { throwIfNoEntry: false })
  if (there !== undefined && (!there.isDirectory() || readdirSync(folder).length > 0))
    throw refusal(`${folder} is there already and is not overwritten`, { code: 'plan-exists', hint: '--out FOLDER' })
  const sequence = planSequence({
    parser: await loadParser(),
    server: ask.server,
    world: ask.history === null ? 'open' : 'closed',
    today: ask.today,
    history,
    text: asked,
    value: ask.value,
    layout: LAYOUTS[layout],
    version: nextVersions(
      history.map(({ name }) => name),
      ask.today,
    ),
  })
  const files = filesOf(sequence, renderReadme(sequence, { asked, history: ask.history, instead }))
  for (const [path, text] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    // `wx`: a file that came in between is somebody's.
    writeFileSync(join(folder, path), text, { flag: 'wx' })
  }
  return { sequence, folder, files: [...files.keys()] }
}

function filesOf({ stages }: Sequence, readme: string): ReadonlyMap<string, string> {
  const files = new Map([['README.md', readme]])
  for (const stage of stages) {
    const folder = stageFolder(stage)
    if (stage.kind === 'backfill') files.set(`${folder}/${stage.what}.sql`, `-- ${stage.note}\n${stage.sql};\n`)
    else
      for (const { path, text } of stage.files.flatMap(({ written }) => written)) files.set(`${folder}/${path}`, text)
  }
  return files
}

interface ReadChange {
  readonly text: string
  /** Absolute; null for a statement. */
  readonly file: string | null
}

function readChange({ cwd, change }: PlanMigrationAsk): ReadChange {
  const file = resolve(cwd, change)
  const found = change.length < 1_000 ? statSync(file, { throwIfNoEntry: false }) : undefined
  if (found?.isFile() !== true) {
    if (/\s/.test(change.trim())) return { text: change, file: null }
    throw usageError(`${change} is neither a file nor a statement`, {
      code: 'no-such-file',
      hint: 'backflip migrations plan "ALTER TABLE …"',
    })
  }
  if (found.size > MAX_CHANGE_BYTES)
    throw usageError(`${change} is larger than ${MAX_CHANGE_BYTES} bytes`, { code: 'text-too-large', place: { file } })
  return { text: readFileSync(file, 'utf8'), file }
}

interface ReadHistory {
  readonly files: readonly LintFile[]
  readonly layout: LayoutName
  /** The file of the history that the plan takes the place of. */
  readonly instead: string | null
}

/** A change that lies among the migrations already is no part of what was before the plan, whose files are numbered behind all of them. */
function readHistory(ask: PlanMigrationAsk, change: string | null): ReadHistory {
  const [set] = ask.history === null ? [] : findMigrations(ask.cwd, [ask.history], ask.layout)
  if (set === undefined) return { files: [], layout: ask.layout ?? 'plain', instead: null }
  const instead = set.paths.find((path) => resolve(set.root, path) === change) ?? null
  const others = set.paths.filter((path) => path !== instead)
  const files = others.map((path) => {
    const text = readFileSync(join(set.root, path), 'utf8')
    return { name: set.layout.nameOf(path), path, text, ...readMigration(set.layout, text, null), isPending: false }
  })
  return { files, layout: set.guess.name, instead }
}

function labelOf(asked: string): string {
  return madeName(...(asked.toLowerCase().match(/[a-z0-9_]+/g) ?? ['change']).slice(0, 6)).replaceAll('_', '-')
}
