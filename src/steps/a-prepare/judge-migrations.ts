import { refusal } from '../../domain/errors.ts'
import type { JudgeParams } from '../../domain/plan/params.ts'
import { defineStep } from '../../engine/step.ts'
import type { StepPorts } from '../ports.ts'

/**
 * A: what the plan says of the migrations is still so, now that nobody else changes the environment and the texts were fetched and verified. What was
 * found is journalled with it: a rollback asks the journal and reads no SQL.
 */
export const judgeMigrations = defineStep<StepPorts, JudgeParams>({
  id: 'judge-migrations',
  limits: { attempts: 2, timeoutMs: 2 * 60_000 },
  async execute({ sha, digest }, { ports }) {
    const judged = await ports.judgeMigrations(sha)
    if (judged === null || judged.digest !== digest)
      throw refusal('the migrations are judged otherwise than when the plan was made', {
        code: 'plan-outdated',
        hint: 'plan again: the same command',
      })
    const { pending, extra, inverses, verdicts } = judged
    return {
      output: { pending },
      effects: [{ effect: 'migrations-judged', sha, extra, inverses, verdicts }],
    }
  },
  // It only looks.
  undo: 'none',
})
