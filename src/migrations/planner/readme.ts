import type { Sequence } from './plan-sequence.ts'
import type { WrittenStage } from './write-stage.ts'

export interface ReadmeFacts {
  readonly asked: string
  /** The folder of the runner's migrations, as it was given; null without a history. */
  readonly history: string | null
  /** The migration that the plan takes the place of; null when the change is none yet. */
  readonly instead: string | null
}

/** Folder of a stage in the plan: what goes out together lies together. */
export function stageFolder(stage: WrittenStage): string {
  if (stage.kind === 'deploy') return `deploy-${stage.deploy}-${stage.phase}`
  return stage.deploy === 0 ? 'backfill' : `backfill-after-deploy-${stage.deploy}`
}

/** What a person does, in order. */
export function renderReadme(
  { stages, notes, differs, isSafeAsItIs }: Sequence,
  { asked, history, instead }: ReadmeFacts,
): string {
  const lines = [
    '# Plan of a change',
    '',
    '```sql',
    asked.trim(),
    '```',
    '',
    isSafeAsItIs
      ? 'Both releases survive it as it is: one deploy.'
      : 'One deploy after the other. The next one begins when the one before is live, and a **contract** when no release that may come back (live, standby, the last good ones) needs the old shape: the gate checks it by the annotation in its file. When other migrations came in between, give the files later numbers, and `of=` in an annotation the new name.',
    '',
    ...(instead === null ? [] : [`Take \`${instead}\` out of your migrations: this stands in its place.`, '']),
    ...stages.flatMap((stage) => [...describeStage(stage, history), '']),
    ...(notes.length === 0 ? [] : ['## To know', '', ...notes.map((one) => `- ${one}`), '']),
    ...(differs.length === 0 ? [] : ['## Not as it was asked for', '', ...differs.map((one) => `- ${one}`), '']),
  ]
  return lines.join('\n')
}

function describeStage(stage: WrittenStage, history: string | null): readonly string[] {
  const folder = stageFolder(stage)
  if (stage.kind === 'backfill') {
    const waits =
      stage.waits === 'window' && stage.deploy > 0
        ? ` Not before every release that may come back is of deploy ${stage.deploy} or later: an older one writes rows that are not filled.`
        : ''
    return [
      stage.deploy === 0 ? '## Backfill' : `## After deploy ${stage.deploy}: backfill`,
      '',
      `${stage.note}${waits} Outside of any deploy; it goes on where it stood when it is interrupted, and proves at its end that nothing is left.`,
      '',
      `    backflip migrations backfill ${folder}/${stage.what}.sql`,
    ]
  }
  const into = history === null ? 'the folder of your migrations' : `\`${history}\``
  const byHand = stage.inverse === 'by-hand' ? ' A part of the inverse has to be written by a person.' : ''
  return [
    `## Deploy ${stage.deploy}: ${stage.phase}`,
    '',
    `**Code:** ${stage.code}`,
    '',
    `**Migrations:** move the files of \`${folder}/\` into ${into}, in one commit with that code.${byHand}`,
    '',
    ...stage.files.map(({ name }) => `- \`${name}\``),
  ]
}
