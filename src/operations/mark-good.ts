import { refusal } from '../domain/errors.ts'
import { type Sha, short } from '../domain/ids.ts'
import type { Environment, RunOptions } from './environment.ts'
import { loadRecord } from './record.ts'
import { withLease } from './with-lease.ts'

/** A person says that a release which served here is good after all. Journalled with the reason. */
export async function markGood(
  environment: Environment,
  sha: Sha,
  reason: string,
  options: RunOptions = {},
): Promise<void> {
  await withLease(environment, `mark-good ${sha}`, options, async ({ lease }) => {
    const { served } = await loadRecord(environment.journal)
    if (!served.some((one) => one.sha === sha)) {
      throw refusal(`${short(sha)} never served here, so nobody can know that it is good`, {
        code: 'never-served',
        hint: `backflip deploy ${sha}`,
      })
    }
    await environment.journal.append(lease.token, [
      { operation: null, actor: environment.actor, fact: { kind: 'marked-good', sha, reason } },
    ])
  })
}
