import { join } from 'node:path'
import { compose } from '../../src/compose.ts'
import { chooseEnvironment, loadConfig } from '../../src/config/load.ts'
import { parseOperationId, parseSnapshotName } from '../../src/domain/ids.ts'
import type { Fact } from '../../src/domain/journal.ts'
import type { Environment } from '../../src/operations/environment.ts'
import { abort, resume } from '../../src/operations/recover.ts'
import { prepareRestore, type RestoreRequest, restore, showRestore } from '../../src/operations/restore.ts'
import { mortalJournal } from '../crash/real/mortal-journal.ts'

export interface RestoreVictimJob {
  readonly folder: string
  /** Begins a restore, or takes up the one that is open. */
  readonly verb: 'restore' | 'undo' | 'resume' | 'abort'
  /** Snapshot, or the restore that is taken back; empty for the other verbs. */
  readonly what: string
  /** Where databases come from. Default: their snapshot. */
  readonly from?: 'pgbackrest'
  /** Dies at the first append that ends this step (or the whole operation, `operation-finished`), before or after it is durable. */
  readonly at: string
  readonly when: 'before' | 'after'
}

/** The production operation, with a journal that ends its process at one append. */
const job = JSON.parse(process.argv[2] ?? '') as RestoreVictimJob
const config = await loadConfig(join(job.folder, 'backflip.yaml'))
const composed = await compose(config, await chooseEnvironment(config, null), 'victim')
await run({
  ...composed,
  journal: mortalJournal(composed.journal, { ...job, diesAt: (drafts) => drafts.some(({ fact }) => ends(fact)) }),
})
await composed.journal.close()
process.exit(0)

function ends(fact: Fact): boolean {
  const isUndo = fact.kind === 'undo-finished' || fact.kind === 'step-succeeded'
  return isUndo ? fact.step === job.at : fact.kind === job.at
}

async function run(environment: Environment): Promise<void> {
  if (job.verb === 'resume') await resume(environment)
  else if (job.verb === 'abort') await abort(environment)
  else await begin(environment)
}

async function begin(environment: Environment): Promise<void> {
  const ask: RestoreRequest =
    job.verb === 'undo'
      ? { undo: parseOperationId(job.what, 'what') }
      : { snapshot: parseSnapshotName(job.what), from: job.from ?? 'snapshot' }
  const preview = await showRestore(environment, ask)
  const plan = await prepareRestore(environment, preview, { maxLost: null, exportFolder: null, reason: 'a test' })
  await restore(environment, plan)
}
