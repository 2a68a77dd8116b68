import type { ReplaceParams } from '../../domain/plan/params.ts'
import { defineStep, NOTHING } from '../../engine/step.ts'
import { serviceOf } from '../data.ts'
import type { StepPorts } from '../ports.ts'

/** C of a restore: an instance from the snapshot, beside what is live, without a network. Nothing that is live is touched. */
export const copyData = defineStep<StepPorts, ReplaceParams>({
  id: 'copy-data',
  limits: { attempts: 2, timeoutMs: 60 * 60_000 },
  async execute({ services }, { ports, operation, generation }) {
    await Promise.all(
      services.map(async ({ service, snapshot, copy }) => {
        if (snapshot === null) return
        await serviceOf(ports, service).copy({ snapshot, as: copy, operation, fencedBy: generation })
      }),
    )
    return NOTHING
  },
  async undo({ services }, { ports, operation, generation }) {
    for (const { service, snapshot, copy } of services) {
      if (snapshot === null) continue
      await serviceOf(ports, service).removeCopy({ name: copy, operation, fencedBy: generation })
    }
    return []
  },
  manual: ({ services }) => services.map(({ copy }) => `incus delete --force ${copy}, then: backflip resume`),
})
