import { BackflipError } from '../../domain/errors.ts'
import type { Json } from '../../domain/json.ts'
import type { ReplaceParams } from '../../domain/plan/params.ts'
import { defineStep } from '../../engine/step.ts'
import type { Verification } from '../../ports/database.ts'
import { serviceOf } from '../data.ts'
import type { StepPorts } from '../ports.ts'

/**
 * D of a restore: what takes the place of live data is proved first. A copy that is not whole stops the restore; all goes on as it was. One that is
 * gets a log of its own: live, it must not continue the log that it was copied from. What was recovered from backups has one already.
 */
export const verifyCopy = defineStep<StepPorts, ReplaceParams>({
  id: 'verify-copy',
  limits: { attempts: 1, timeoutMs: 4 * 60 * 60_000 },
  async execute({ services }, { ports, generation }) {
    const proofs: { [service: string]: Verification } = {}
    for (const { service: name, snapshot, copy, mark, recovered } of services) {
      if (mark === null) continue
      const service = serviceOf(ports, name)
      const since = service.kind === 'postgres' ? await ports.markOf(mark, name) : null
      const proof = await service.verifyCopy({
        name: copy,
        mark: since,
        forkAbove: recovered === undefined && since !== null ? await ports.lastTimeline(name) : null,
        fencedBy: generation,
      })
      if (!proof.isVerified)
        throw notWhole(name, proof, recovered === undefined && service.recovery() !== null ? snapshot : null)
      proofs[name] = proof
    }
    return { output: { proofs } as unknown as Json, effects: [] }
  },
  undo: 'none',
})

/** `recoverable` names the same moment in the backups. */
function notWhole(service: string, { checks }: Verification, recoverable: string | null): BackflipError {
  return new BackflipError(`the copy of ${service} is not whole: what is live stays`, {
    code: 'snapshot-not-whole',
    kind: 'failed',
    details: checks.map(({ name, result, detail }) => `${name} ${result}: ${detail}`),
    hint:
      recoverable === null
        ? 'backflip snapshots list (an older one)'
        : `backflip restore ${recoverable} --from pgbackrest`,
  })
}
