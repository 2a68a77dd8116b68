import { BackflipError } from '../domain/errors.ts'
import type { Anchor } from '../ports/edge.ts'
import type { Journal } from '../ports/journal.ts'
import type { Environment } from './environment.ts'

/**
 * I8: the journal must go on from where the edge saw it last. Looked at before a new anchor replaces the old one, because the old one is the only
 * witness that entries were cut off, made again, or that an older copy was put back. Error `journal-differs` (kind `person`): nothing was changed.
 */
export async function refuseAnotherPast(environment: Environment, anchor: Anchor | null): Promise<void> {
  const error = await anotherPast(environment, anchor)
  if (error !== null) throw error
}

/** The error that whoever changes something will get; null when they will not. */
export async function anotherPast({ journal }: Environment, anchor: Anchor | null): Promise<BackflipError | null> {
  // Of another journal: the edge itself refuses that one.
  if (anchor === null || anchor.journal !== (await journal.id())) return null
  const entry = await anchored(journal, anchor)
  if (entry === 'agrees') return null
  return new BackflipError('the journal is not the one that the edge saw last', {
    code: 'journal-differs',
    kind: 'person',
    details: [
      entry === 'missing'
        ? `it ends before entry ${anchor.seq}: it was cut, or an older copy of it was put back`
        : `its entry ${anchor.seq} has another hash: it was made again`,
      'nothing was changed, and the anchor at the edge is as it was',
    ],
    hint: 'backflip history --verify; restore the newest copy, or if there is none: backflip adopt --reason TEXT',
  })
}

/** What has become of the entry that the edge names. */
export async function anchored(journal: Journal, { seq, hash }: Anchor): Promise<'agrees' | 'missing' | 'differs'> {
  if (seq === 0) return 'agrees'
  const [entry] = await journal.read({ after: seq - 1, limit: 1 })
  return entry === undefined ? 'missing' : entry.hash === hash ? 'agrees' : 'differs'
}

/** Whether this journal is the one that the edge saw last, with everything in it. */
export async function hasSamePast({ journal }: Environment, anchor: Anchor | null): Promise<boolean> {
  return anchor !== null && anchor.journal === (await journal.id()) && (await anchored(journal, anchor)) === 'agrees'
}
