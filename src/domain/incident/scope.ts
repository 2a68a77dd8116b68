import type { OperationId } from '../ids.ts'
import type { Outcome } from '../journal.ts'
import type { Plan } from '../plan/plan.ts'

/** What is known of an operation from its first and last entry. `troubled`: open, and something in it failed, or nobody works on it any more. */
export interface OperationHead extends Pick<Plan, 'operation' | 'kind' | 'target' | 'from'> {
  /** Number of its first entry. */
  readonly seq: number
  readonly startedAt: string
  readonly outcome: Outcome | 'open' | 'troubled'
}

const WENT_WRONG: readonly OperationHead['outcome'][] = ['failed', 'reverted', 'stuck', 'unsettled', 'troubled']

/** Whether there is something to report: it did not go well, or somebody had to go back. */
export function isTrouble({ outcome, kind }: OperationHead): boolean {
  return WENT_WRONG.includes(outcome) || kind === 'rollback' || kind === 'restore'
}

/** The operation that a report is about: the newest that was trouble, of those that are asked for. Heads are newest first. */
export function chooseAbout(
  heads: readonly OperationHead[],
  asked: (head: OperationHead) => boolean,
): OperationHead | null {
  return heads.find((head) => isTrouble(head) && asked(head)) ?? null
}

/**
 * Where it began: with the deploy that brought the release which was gone back from; for an operation that only failed, with itself. When that
 * release had come by going back as well, and deploys were not allowed again in between, the incident is the same one and began earlier.
 *
 * Heads are newest first. `isWhole` is false when an older one than all of them may be the beginning.
 */
export function beginningOf(
  heads: readonly OperationHead[],
  about: OperationId,
  unfrozenSeqs: readonly number[],
): { readonly head: OperationHead | null; readonly isWhole: boolean } {
  let at = heads.findIndex(({ operation }) => operation === about)
  for (;;) {
    const current = heads[at]
    if (current === undefined) return { head: null, isWhole: true }
    if (!goesBack(current) || current.from === null) return { head: current, isWhole: true }
    const sought = current.from.sha
    const brought = heads.findIndex((one, index) => index > at && brings(one, sought))
    const found = heads[brought]
    if (found === undefined) return { head: current, isWhole: false }
    const isOver = unfrozenSeqs.some((seq) => seq > found.seq && seq < current.seq)
    // What was gone back to in an earlier incident, and has served well since, did not bring this one.
    if (goesBack(found) && isOver) return { head: current, isWhole: true }
    at = brought
  }
}

function goesBack({ kind }: OperationHead): boolean {
  return kind === 'rollback' || kind === 'restore'
}

function brings({ target, from, outcome }: OperationHead, sha: string): boolean {
  return target?.sha === sha && from?.sha !== sha && (outcome === 'done' || outcome === 'unsettled')
}
