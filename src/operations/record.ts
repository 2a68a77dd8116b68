import { fold } from '../domain/history/fold.ts'
import { type EnvironmentRecord, emptyRecord, RECORD_VERSION } from '../domain/history/record.ts'
import type { Json } from '../domain/json.ts'
import type { Journal } from '../ports/journal.ts'

const PAGE = 5_000

/** The environment as its journal tells it now: the last checkpoint and what came after it. */
export async function loadRecord(journal: Journal): Promise<EnvironmentRecord> {
  const checkpoint = await journal.loadCheckpoint(RECORD_VERSION)
  let record = checkpoint === null ? emptyRecord() : (checkpoint.state as unknown as EnvironmentRecord)
  for (;;) {
    const page = await journal.read({ after: record.seq, limit: PAGE })
    for (const entry of page) record = fold(record, entry)
    if (page.length < PAGE) return record
  }
}

/** Entries after a checkpoint that are cheaper to fold than the checkpoint is to write: a flip pays for no fsync of it. */
const CHECKPOINT_EVERY = 100

/** Saves the fold now and then, so that the next start reads little. An optimisation: without it every start folds from the beginning. */
export async function saveRecord(journal: Journal): Promise<void> {
  const checkpoint = await journal.loadCheckpoint(RECORD_VERSION)
  const { seq } = await journal.head()
  if (seq - (checkpoint?.seq ?? 0) < CHECKPOINT_EVERY) return
  const record = await loadRecord(journal)
  await journal.saveCheckpoint({ version: RECORD_VERSION, seq: record.seq, state: record as unknown as Json })
}
