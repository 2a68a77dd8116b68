import type { ReleaseVerdict } from '../../../domain/compatibility/verdict.ts'
import { refusal } from '../../../domain/errors.ts'
import { type Sha, short } from '../../../domain/ids.ts'
import { judgeDeploy } from '../../compatibility.ts'
import type { Environment } from '../../environment.ts'
import { releaseFacts } from '../../observe.ts'
import { loadRecord } from '../../record.ts'
import type { JudgedFully } from '../judge-migrations.ts'
import type { CheckSubject } from './check-subject.ts'

/**
 * A published release against an environment: what its journal says is applied, what the release adds, and the releases of the rollback window with
 * what was collected of each. Error `no-pending` (kind `refused`) when there is nothing to check.
 */
export async function subjectOfRelease(environment: Environment, sha: Sha): Promise<CheckSubject> {
  const record = await loadRecord(environment.journal)
  const full = await judgeDeploy(environment, record, await releaseFacts(environment, sha))
  if (full === null || full.pending.length === 0)
    throw refusal(`${short(sha)} has no migration that is not applied`, {
      code: 'no-pending',
      details:
        full === null
          ? ['it does not say which migrations it carries']
          : full.judged.why === null
            ? []
            : [full.judged.why],
      hint: `backflip plan deploy ${sha}`,
    })
  const releases = await Promise.all(
    full.judgements
      .filter(({ verdict, since }) => verdict.sha !== sha && since.length > 0 && !wasBroken(full, verdict))
      .map(async ({ verdict, base, since }) => ({
        name: short(verdict.sha),
        usage: await environment.usage.read(verdict.sha),
        base: base.map(({ file }) => file),
        since: since.map(({ file }) => file),
      })),
  )
  return {
    history: full.applied.map(({ file }) => file),
    pending: full.pending.map(({ file, inverse }) => ({ file, inverse })),
    releases,
  }
}

/** What it does not survive is applied already: nobody is kept back for its sake, at the gate neither. */
function wasBroken({ judged }: JudgedFully, { sha, verdict }: ReleaseVerdict): boolean {
  return verdict === 'incompatible' && judged.broken.every((one) => one.sha !== sha)
}
