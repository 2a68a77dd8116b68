import { refusal } from '../../domain/errors.ts'
import { type OperationId, type Sha, short } from '../../domain/ids.ts'
import { beginningOf, chooseAbout, type OperationHead } from '../../domain/incident/scope.ts'
import type { Journal } from '../../ports/journal.ts'
import { findSeq } from './find-seq.ts'
import { type Heads, type OpenOperation, readHeads } from './read-heads.ts'

/** What a report is asked for; all of it null: the last incident. Times in milliseconds since 1970. */
export interface IncidentAsk {
  readonly operation: OperationId | null
  readonly sha: Sha | null
  readonly sinceMs: number | null
  readonly untilMs: number | null
}

export interface IncidentWindow {
  readonly about: OperationHead
  /** From where the incident began to `about`, oldest first. */
  readonly led: readonly OperationHead[]
  readonly firstSeq: number
  readonly lastSeq: number
}

export interface Chosen {
  /** Null: nothing went wrong in what was looked through. */
  readonly window: IncidentWindow | null
  readonly looked: { readonly operations: number; readonly since: string | null }
}

/** Errors (kind `refused`): `no-such-operation`, and `never-deployed` of a release. */
export async function chooseWindow(journal: Journal, ask: IncidentAsk, open: OpenOperation | null): Promise<Chosen> {
  const first = ask.sinceMs === null ? 1 : await findSeq(journal, ask.sinceMs)
  const last = (ask.untilMs === null ? (await journal.head()).seq + 1 : await findSeq(journal, ask.untilMs + 1)) - 1
  const before = ask.operation === null ? last + 1 : (await lastSeqOf(journal, ask.operation)) + 1
  const found = await readHeads(journal, { before, open }, (heads) => isEnough(heads, ask, first))
  const about = aboutOf(found, ask, first)
  const looked = { operations: found.heads.length, since: found.heads.at(-1)?.startedAt ?? null }
  if (about === null) {
    if (ask.sha !== null && ask.sinceMs === null && ask.untilMs === null) throw neverDeployed(ask.sha)
    return { window: null, looked }
  }
  const begun = beginningOf(found.heads, about.operation, found.unfrozenSeqs).head ?? about
  const firstSeq = ask.sinceMs === null ? begun.seq : Math.min(first, about.seq)
  return {
    window: {
      about,
      led: found.heads.filter(({ seq }) => seq >= firstSeq && seq <= about.seq).toReversed(),
      firstSeq,
      lastSeq: Math.max(last, before - 1),
    },
    looked,
  }
}

/** The beginning is there, or everything since the time that was named. */
function isEnough(found: Heads, ask: IncidentAsk, first: number): boolean {
  const reachesSince = ask.sinceMs !== null && (found.heads.at(-1)?.seq ?? Number.POSITIVE_INFINITY) <= first
  if (reachesSince) return true
  const about = aboutOf(found, ask, first)
  if (about === null || ask.sinceMs !== null) return false
  return beginningOf(found.heads, about.operation, found.unfrozenSeqs).isWhole
}

function aboutOf({ heads }: Heads, { operation, sha }: IncidentAsk, first: number): OperationHead | null {
  if (operation !== null) return heads.find((one) => one.operation === operation) ?? null
  const inTime = heads.filter(({ seq }) => seq >= first)
  if (sha === null) return chooseAbout(inTime, () => true)
  // What was deployed, or left, is what a release has to do with an operation.
  const trouble = chooseAbout(inTime, ({ target, from }) => target?.sha === sha || from?.sha === sha)
  return trouble ?? inTime.find(({ target }) => target?.sha === sha) ?? null
}

async function lastSeqOf(journal: Journal, operation: OperationId): Promise<number> {
  const [last] = await journal.read({ operation, newestFirst: true, limit: 1 })
  if (last !== undefined) return last.seq
  throw refusal(`there is no operation ${operation}`, { code: 'no-such-operation', hint: 'backflip history' })
}

function neverDeployed(sha: Sha) {
  return refusal(`no operation had to do with ${short(sha)}`, { code: 'never-deployed', hint: 'backflip history' })
}
