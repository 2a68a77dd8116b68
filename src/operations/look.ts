import { type ErrorRecord, toErrorRecord } from '../domain/errors.ts'
import type { Environment } from './environment.ts'

/** I9: whatever does not answer by then is said to be unseen. */
const LOOK_MS = 1_500

export interface Unseen {
  readonly unseen: ErrorRecord
}

export function isUnseen(look: object): look is Unseen {
  return 'unseen' in look
}

/** A look that fails or takes too long is a fact too. */
export async function look<T extends object>(
  { clock }: Pick<Environment, 'clock'>,
  looking: Promise<T>,
  limitMs: number = LOOK_MS,
): Promise<T | Unseen> {
  const over = new AbortController()
  const late = clock.sleep(limitMs, over.signal).then(
    (): Unseen => ({ unseen: { code: 'no-answer', kind: 'person', message: `no answer within ${limitMs} ms` } }),
    (): Promise<never> => new Promise(() => undefined),
  )
  try {
    return await Promise.race([looking.catch((error: unknown): Unseen => ({ unseen: toErrorRecord(error) })), late])
  } finally {
    over.abort()
  }
}
