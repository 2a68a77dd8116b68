import { refusal } from '../../domain/errors.ts'
import type { RecoverParams } from '../../domain/plan/params.ts'
import { defineStep, NOTHING } from '../../engine/step.ts'
import type { StepPorts } from '../ports.ts'
import { recoveriesOf } from '../recoveries.ts'

/** A of a restore from backups: the point can be reached, and the log up to it is in the archive, before users are kept away. Nothing was changed when it says no. */
export const checkRecovery = defineStep<StepPorts, RecoverParams>({
  id: 'check-recovery',
  limits: { attempts: 1, timeoutMs: 15 * 60_000 },
  async execute({ services }, { ports, generation }) {
    for (const { backup, point, recovery } of await recoveriesOf(ports, services, generation)) {
      const found = await recovery.look(point)
      if (found.backup.label !== backup)
        throw refusal(`the backup ${backup} is gone`, {
          code: 'recovery-no-backup',
          details: ['nothing was changed'],
          hint: 'the same command again: it plans with the backups that are there',
        })
      await recovery.archive(point)
    }
    return NOTHING
  },
  undo: 'none',
})
