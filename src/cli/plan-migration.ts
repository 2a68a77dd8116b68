import { relative } from 'node:path'
import { LAYOUT_NAMES } from '../migrations/layout/layouts.ts'
import { stageFolder } from '../migrations/planner/readme.ts'
import type { WrittenBackfill, WrittenStage } from '../migrations/planner/write-stage.ts'
import { type PlannedMigration, planMigration } from '../operations/migrations/plan-migration.ts'
import type { CommandInput } from './define-command.ts'
import { EXIT } from './exit-codes.ts'
import { oneOf, parseMajor } from './migration-options.ts'
import { painter } from './render/style.ts'

interface PlanOptions {
  readonly history?: string
  readonly out?: string
  readonly value?: string
  readonly layout?: string
  readonly postgres?: string
  readonly timeZone?: string
}

export async function planMigrationCommand({ args, io, options }: CommandInput): Promise<number> {
  const asked = options as PlanOptions
  const planned = await planMigration({
    cwd: io.cwd,
    change: args[0] ?? '',
    history: asked.history ?? null,
    out: asked.out ?? null,
    value: asked.value ?? null,
    layout: asked.layout === undefined ? null : oneOf(asked.layout, LAYOUT_NAMES, '--layout'),
    server: { major: parseMajor(asked.postgres ?? '18'), timeZone: asked.timeZone ?? 'UTC' },
    today: new Date().toISOString().slice(0, 10),
  })
  if (options.json === true) io.out(`${JSON.stringify(planObject(planned))}\n`)
  else io.out(`${renderPlan(planned, io).join('\n')}\n`)
  return EXIT.done
}

/** `{folder, files, isSafeAsItIs, stages: [{kind, deploy, phase?, code?, inverse?, files?, waits?, file?, sql?}], notes, differs}`. */
function planObject({ sequence, folder, files }: PlannedMigration) {
  const { isSafeAsItIs, notes, differs } = sequence
  const stages = sequence.stages.map((stage) =>
    stage.kind === 'backfill'
      ? {
          kind: stage.kind,
          deploy: stage.deploy,
          waits: stage.waits,
          file: `${stageFolder(stage)}/${stage.what}.sql`,
          sql: stage.sql,
        }
      : {
          kind: stage.kind,
          deploy: stage.deploy,
          phase: stage.phase,
          code: stage.code,
          inverse: stage.inverse,
          files: stage.files.map(({ name, up, down }) => ({ name, up, down })),
        },
  )
  return { folder, files, isSafeAsItIs, stages, notes, differs }
}

function renderPlan({ sequence, folder }: PlannedMigration, { cwd, useColor }: CommandInput['io']): readonly string[] {
  const paint = painter(useColor)
  const shown = relative(cwd, folder)
  return [
    sequence.isSafeAsItIs ? 'Both releases survive it as it is: one deploy.' : `${deploysOf(sequence.stages)} deploys:`,
    ...sequence.stages.flatMap((stage) =>
      stage.kind === 'backfill'
        ? [`  ${paint('strong', 'backfill')}  ${stage.note}${waitsFor(stage)}`, `      ${paint('dim', stage.sql)}`]
        : [
            `  ${paint('strong', `deploy ${stage.deploy}, ${stage.phase}`)}  ${stage.code}`,
            ...stage.files.map(({ name }) => `      ${paint('dim', name)}`),
          ],
    ),
    ...[...sequence.notes, ...sequence.differs].map((one) => paint('warn', `! ${one}`)),
    `→ ${shown}/README.md`,
  ]
}

function waitsFor({ waits, deploy }: WrittenBackfill): string {
  return waits === 'window' && deploy > 0 ? ` When no release from before deploy ${deploy} may come back.` : ''
}

function deploysOf(stages: readonly WrittenStage[]): number {
  return stages.filter(({ kind }) => kind === 'deploy').length
}
