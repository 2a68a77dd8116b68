import { FIRST_PREVIOUS } from '../domain/journal.ts'
import { type BrokenLink, findBrokenLink } from '../lib/hash-chain.ts'
import type { Anchor } from '../ports/edge.ts'
import type { Journal } from '../ports/journal.ts'

const PAGE = 5_000

export interface HistoryVerdict {
  readonly entries: number
  readonly ok: boolean
  /** The first entry that does not follow from the ones before it. */
  readonly problem: BrokenLink | null
  /**
   * The anchor was written at the edge with the last flip or lease, so a journal that was cut or recomputed no longer fits it.
   * - `agrees`  the entry it names is there, with that hash
   * - `none`    the edge has none yet
   * - `cut`     the journal ends before the entry it names
   * - `differs` the entry has another hash: the chain was made again
   * - `foreign` it is of another journal
   */
  readonly anchor: 'agrees' | 'none' | 'cut' | 'differs' | 'foreign'
}

/** Walks every entry in pages; memory stays the same however long the journal is. */
export async function verifyHistory({
  journal,
  anchor,
}: {
  readonly journal: Journal
  readonly anchor: Anchor | null
}): Promise<HistoryVerdict> {
  let head = { seq: 0, hash: FIRST_PREVIOUS }
  let problem: BrokenLink | null = null
  let anchored: string | null = null
  while (problem === null) {
    const page = await journal.read({ after: head.seq, limit: PAGE })
    problem = findBrokenLink(page, head)
    anchored = page.find(({ seq }) => seq === anchor?.seq)?.hash ?? anchored
    const last = page.at(-1)
    if (last !== undefined) head = { seq: last.seq, hash: last.hash }
    if (page.length < PAGE) break
  }
  const compared = await compare(journal, anchor, head.seq, anchored)
  return {
    entries: head.seq,
    ok: problem === null && (compared === 'agrees' || compared === 'none'),
    problem,
    anchor: compared,
  }
}

async function compare(
  journal: Journal,
  anchor: Anchor | null,
  entries: number,
  anchored: string | null,
): Promise<HistoryVerdict['anchor']> {
  if (anchor === null) return 'none'
  if (anchor.journal !== (await journal.id())) return 'foreign'
  if (anchor.seq > entries) return 'cut'
  return anchored === anchor.hash ? 'agrees' : 'differs'
}
