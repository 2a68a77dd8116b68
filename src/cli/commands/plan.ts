import type { Plan } from '../../domain/plan/plan.ts'
import { type CommandInput, defineCommand } from '../define-command.ts'
import { OVERRIDE_OPTIONS, overrideAsk } from '../override-options.ts'
import { reasonOf } from '../require-reason.ts'
import { rollbackRequest } from './rollback.ts'

export const planDeploy = defineCommand({
  name: 'plan deploy',
  summary: 'What a deploy would do; changes nothing',
  arguments: ['<sha>'],
  options: [
    { flags: '--again', description: 'as for deploy' },
    { flags: '--reason <text>', description: 'as for deploy' },
    ...OVERRIDE_OPTIONS,
  ],
  async run(input) {
    const [{ parseSha }, { prepareDeploy }] = await Promise.all([
      import('../../domain/ids.ts'),
      import('../../operations/deploy.ts'),
    ])
    const sha = parseSha(input.args[0] ?? '')
    return show(
      input,
      await prepareDeploy(await input.environment(), {
        sha,
        again: input.options.again === true,
        reason: reasonOf(input.options),
        override: await overrideAsk(input, false),
        isDryRun: true,
      }),
    )
  },
})

export const planRollback = defineCommand({
  name: 'plan rollback',
  summary: 'Where a rollback would go, how, and why; changes nothing',
  arguments: ['[sha]'],
  options: [
    { flags: '--mode <mode>', description: 'as for rollback' },
    { flags: '--reason <text>', description: 'as for rollback' },
    ...OVERRIDE_OPTIONS,
  ],
  async run(input) {
    const { prepareRollback } = await import('../../operations/rollback.ts')
    const ask = await rollbackRequest(input, false)
    return show(input, await prepareRollback(await input.environment(), ask))
  },
})

async function show({ io, options }: CommandInput, plan: Plan): Promise<number> {
  const [{ renderPlan }, { painter }] = await Promise.all([import('../render/plan.ts'), import('../render/style.ts')])
  io.out(options.json === true ? `${JSON.stringify(plan)}\n` : `${renderPlan(plan, painter(io.useColor)).join('\n')}\n`)
  return 0
}
