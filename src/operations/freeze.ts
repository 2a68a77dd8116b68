import { refusal } from '../domain/errors.ts'
import { applyStandbyLimit } from './cleanup.ts'
import type { Environment, RunOptions } from './environment.ts'
import { loadRecord } from './record.ts'
import { withLease } from './with-lease.ts'

/** No deploy may start until it is lifted. Rollback, resume and abort do not mind. */
export async function freeze(environment: Environment, reason: string, options: RunOptions = {}): Promise<void> {
  await withLease(environment, 'freeze', options, async ({ lease }) => {
    await environment.journal.append(lease.token, [
      { operation: null, actor: environment.actor, fact: { kind: 'frozen', reason } },
    ])
  })
}

export async function unfreeze(environment: Environment, reason: string, options: RunOptions = {}): Promise<void> {
  await withLease(environment, 'unfreeze', options, async ({ lease }) => {
    const { freeze: frozen } = await loadRecord(environment.journal)
    if (frozen === null) throw refusal('deploys are not frozen', { code: 'not-frozen', hint: 'backflip status' })
    await environment.journal.append(lease.token, [
      { operation: null, actor: environment.actor, fact: { kind: 'unfrozen', reason } },
    ])
  })
  await applyStandbyLimit(environment, options)
}
