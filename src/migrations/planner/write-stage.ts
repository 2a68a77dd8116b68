import { refusal } from '../../domain/errors.ts'
import { readMigration } from '../layout/read-migration.ts'
import type { LintFile } from '../lint/lint.ts'
import type { RunnerTransaction } from '../replay/sent-as.ts'
import { compareCatalogs } from './compare-catalogs.ts'
import { leadingStatements, pathOf, type WrittenFile, writeMigration } from './layout-files.ts'
import type { SequenceAsk } from './plan-sequence.ts'
import type { BackfillStage, DeployStage, PlannedFile, Stage } from './sequence.ts'
import { blockedBy, observe } from './world.ts'

export interface WrittenDeploy {
  readonly kind: 'deploy'
  readonly deploy: number
  readonly phase: DeployStage['phase']
  readonly code: string
  readonly files: readonly {
    /** As its runner records it. */
    readonly name: string
    readonly written: readonly WrittenFile[]
    readonly run: PlannedFile['run']
    readonly up: readonly string[]
    readonly down: readonly string[]
  }[]
  /** The same, as the linter reads them. */
  readonly lintFiles: readonly LintFile[]
  /** Whether the inverse gives back the shape of before, by the catalog. `by-hand`: a person has to write a part of it. */
  readonly inverse: 'proved' | 'by-hand'
}

export interface WrittenBackfill extends BackfillStage {
  /** After which deploy; 0: without one. */
  readonly deploy: number
}

export type WrittenStage = WrittenDeploy | WrittenBackfill

interface Place {
  readonly history: readonly LintFile[]
  readonly deploy: number
  readonly stems: (what: string, phase: string) => string
  readonly contractOf: string | null
}

/** Gives a stage its names and its text, annotates what is a contract, and holds it against the linter and against its own inverse. */
export function writeStage(ask: SequenceAsk, stage: Stage, place: Place): WrittenStage {
  if (stage.kind === 'backfill') return { ...stage, deploy: place.deploy }
  const stems = stage.files.map((file) => place.stems(file.what, stage.phase))
  const draft = stage.files.map((file, at) => draftOf(ask, stage, place, file, stems[at] ?? '', file.up))
  const annotated =
    stage.phase === 'contract'
      ? annotate(
          ask,
          stage,
          place,
          draft.map(({ lint }) => lint),
        )
      : stage.files.map(({ up }) => up)
  const files = stage.files.map((file, at) =>
    draftOf(ask, stage, place, file, stems[at] ?? '', annotated[at] ?? file.up),
  )
  const lintFiles = files.map(({ lint }) => lint)
  const blocks = blockedBy(ask, place.history, lintFiles)
  if (blocks.length > 0) {
    throw refusal(`deploy ${place.deploy} of the plan does not pass our own linter; nothing is written`, {
      code: 'plan-not-safe',
      details: blocks
        .slice(0, 20)
        .map(({ rule, statement, message }) => `${rule}: ${message} (${statement.slice(0, 120)})`),
      hint: 'take the change apart, and plan each part: backflip migrations plan',
    })
  }
  return {
    kind: 'deploy',
    deploy: place.deploy,
    phase: stage.phase,
    code: stage.code,
    files: files.map(({ lint, written, file }) => {
      const { up, down, run } = file
      return { name: lint.name, written, run, up, down }
    }),
    lintFiles: lintFiles.map((one) => ({ ...one, isPending: false })),
    inverse: proveInverse(ask, stage, place, lintFiles),
  }
}

function draftOf(
  ask: SequenceAsk,
  stage: DeployStage,
  place: Place,
  file: PlannedFile,
  stem: string,
  up: readonly string[],
) {
  const head = [`Deploy ${place.deploy} (${stage.phase}). ${stage.code}`]
  const written = writeMigration(ask.layout, { stem, head, up, down: file.down, run: file.run })
  const path = pathOf(ask.layout, stem)
  const text = written.find((one) => one.path === path)?.text ?? ''
  const lint: LintFile = {
    name: ask.layout.nameOf(path),
    path,
    text,
    ...readMigration(ask.layout, text, sentBy(ask.layout, file)),
    isPending: true,
  }
  return { lint, written, file }
}

/** What the files of a batch ask of a person, and diesel's file beside the migration, is in the plan's notes and not in the text. */
function sentBy({ name, transaction }: SequenceAsk['layout'], { run }: PlannedFile): RunnerTransaction | null {
  const isBatch = transaction === 'batch'
  if (run === 'alone' && (isBatch || name === 'diesel')) return 'statement'
  return isBatch ? 'file' : null
}

/** Exactly the statements that the previous release would not survive get the word that says whom they waited for. */
function annotate(
  ask: SequenceAsk,
  stage: DeployStage,
  place: Place,
  draft: readonly LintFile[],
): readonly (readonly string[])[] {
  const { findings, parsed } = observe(ask, place.history, draft)
  const breaking = findings.filter(({ axis, severity }) => axis === 'N' && severity === 'block')
  return stage.files.map((file, at) => {
    const leading = leadingStatements(ask.layout, file.up, file.run)
    const statements = (parsed[at]?.statements ?? []).slice(leading)
    return file.up.map((sql, index) => {
      const start = statements[index]?.start
      const isBreaking = breaking.some(
        ({ applied }) => applied.statement.file === at && applied.statement.outerStart === start,
      )
      return isBreaking && place.contractOf !== null ? `-- backflip:contract of=${place.contractOf}\n${sql}` : sql
    })
  })
}

/** Up, then down again: the catalog is as before. Error `plan-not-safe` when an inverse of ours leaves something else. */
function proveInverse(
  ask: SequenceAsk,
  stage: DeployStage,
  place: Place,
  lintFiles: readonly LintFile[],
): WrittenDeploy['inverse'] {
  const down = stage.files.toReversed().flatMap((file) => file.down)
  if (down.some((one) => one.startsWith('--'))) return 'by-hand'
  const text = down.map((one) => `${one};`).join('\n')
  const back: LintFile = {
    name: 'inverse',
    path: 'inverse.sql',
    text,
    visible: text,
    transaction: 'statement',
    isPending: false,
  }
  const before = observe(ask, place.history, []).replay.catalog
  const after = observe(ask, [...place.history, ...lintFiles, back], []).replay.catalog
  const differences = compareCatalogs(before, after)
  if (differences.length === 0) return 'proved'
  throw refusal(`the inverse of deploy ${place.deploy} does not give back what was there; nothing is written`, {
    code: 'plan-not-safe',
    details: differences.slice(0, 20),
    hint: 'take the change apart, and plan each part: backflip migrations plan',
  })
}
