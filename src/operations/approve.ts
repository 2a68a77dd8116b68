import { refusal, usageError } from '../domain/errors.ts'
import type { ApprovalRecord } from '../domain/history/record.ts'
import type { Environment, RunOptions } from './environment.ts'
import { loadRecord } from './record.ts'
import { withLease } from './with-lease.ts'

const MIN_KEY_DIGITS = 8

/** What waits for a second person, oldest first. */
export async function openApprovals({ journal }: Environment): Promise<readonly ApprovalRecord[]> {
  return (await loadRecord(journal)).approvals.filter(({ approvedBy }) => approvedBy === null)
}

/** The request that a key, or its first digits, names. Errors `bad-key` (kind `usage`), `nothing-to-approve` and `same-person` (kind `refused`). */
export function findApproval(open: readonly ApprovalRecord[], typed: string, actor: string): ApprovalRecord {
  if (!/^[0-9a-f]+$/.test(typed) || typed.length < MIN_KEY_DIGITS)
    throw usageError(`${JSON.stringify(typed)} names no approval: at least ${MIN_KEY_DIGITS} hex digits`, {
      code: 'bad-key',
      place: { flag: 'KEY' },
      hint: 'backflip approve',
    })
  const [found, second] = open.filter(({ key }) => key.startsWith(typed))
  if (found === undefined || second !== undefined)
    throw refusal(found === undefined ? 'nothing of that key waits for approval' : 'more than one begins like that', {
      code: 'nothing-to-approve',
      hint: 'backflip approve',
    })
  if (found.askedBy !== actor) return found
  throw refusal(`${actor} asked for it: somebody else has to agree`, { code: 'same-person', hint: 'ask a colleague' })
}

/** A second person agrees to exactly what was asked. Journalled. */
export async function approve(
  environment: Environment,
  typed: string,
  options: RunOptions = {},
): Promise<ApprovalRecord> {
  const { journal, actor } = environment
  return withLease(environment, 'approve', options, async ({ lease }) => {
    const found = findApproval(await openApprovals(environment), typed, actor)
    await journal.append(lease.token, [{ operation: null, actor, fact: { kind: 'override-approved', key: found.key } }])
    return found
  })
}
