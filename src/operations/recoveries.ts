import { refusal } from '../domain/errors.ts'
import type { SnapshotRecord } from '../domain/history/record.ts'
import type { SnapshotName } from '../domain/ids.ts'
import type { ServiceRecovery } from '../domain/plan/recovery-steps.ts'
import type { Journal } from '../ports/journal.ts'
import { recoveryPointOf } from '../steps/recoveries.ts'
import type { Environment } from './environment.ts'
import { markOf } from './mark-of.ts'

/** Ends of steps that are looked at, newest first: some hundred operations. */
const MAX_ENDED = 10_000

/** What the backups of these services lead to. Error `no-recovery` when none of them has any; those of `PointInTimeRecovery.look`. Changes nothing. */
export async function recoveriesFor(
  { data, journal }: Environment,
  taken: readonly SnapshotRecord[],
): Promise<readonly ServiceRecovery[]> {
  const found = await Promise.all(
    taken.map(async ({ service, operation }): Promise<readonly ServiceRecovery[]> => {
      const recovery = data.find(({ name }) => name === service)?.recovery() ?? null
      if (recovery === null) return []
      const point = recoveryPointOf(await markOf(journal, { operation, step: 'mark-data' }, service))
      const { backup, logBytes } = await recovery.look(point)
      return [{ service, backup, logBytes, point: { name: point.name, lsn: point.lsn } }]
    }),
  )
  if (found.flat().length > 0) return found.flat()
  throw refusal(`the configuration names no backups of ${taken.map(({ service }) => service).join(', ')}`, {
    code: 'no-recovery',
    hint: 'data.<name>.pgbackrest in backflip.yaml (docs/guides/restore.md)',
  })
}

/** The snapshot of that name that was taken last, also when the record has forgotten it. Empty when the journal's newest part has none. */
export async function findTaken(journal: Journal, snapshot: SnapshotName): Promise<readonly SnapshotRecord[]> {
  const ended = await journal.read({ kinds: ['step-succeeded'], newestFirst: true, limit: MAX_ENDED })
  for (const { fact, operation } of ended) {
    if (fact.kind !== 'step-succeeded' || operation === null) continue
    const taken = fact.effects.flatMap((effect): readonly SnapshotRecord[] => {
      if (effect.effect !== 'snapshot-taken' || effect.snapshot !== snapshot) return []
      const { effect: _kind, ...rest } = effect
      const unproved = { verified: 'not-yet', verifiedAt: null, verifyMs: null, recoveredTo: null, checks: [] } as const
      return [{ ...rest, operation, ...unproved }]
    })
    if (taken.length > 0) return taken
  }
  return []
}
