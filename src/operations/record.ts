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

/** Saves the fold so that the next start reads little. Worth nothing more: a failure here is the caller's to ignore or not. */
export async function saveRecord(journal: Journal): Promise<void> {
  const record = await loadRecord(journal)
  await journal.saveCheckpoint({ version: RECORD_VERSION, seq: record.seq, state: record as unknown as Json })
}
