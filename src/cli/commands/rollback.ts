import { type CommandInput, defineCommand } from '../define-command.ts'
import { OVERRIDE_OPTIONS, overrideAsk } from '../override-options.ts'
import { reasonOf } from '../require-reason.ts'

export const rollback = defineCommand({
  name: 'rollback',
  summary: 'Go back: to the last release that was good, or to the one named',
  arguments: ['[sha]'],
  options: [
    {
      flags: '--mode <mode>',
      description: 'fast (a flip), full (deploy it again), or auto, which chooses and says why',
    },
    {
      flags: '--reason <text>',
      description: 'kept in the history; deploys stay frozen with it until they are unfrozen',
    },
    ...OVERRIDE_OPTIONS,
  ],
  examples: [
    'backflip rollback',
    'backflip rollback --mode fast --yes',
    'backflip rollback 2f81c03a9d… --reason "checkout is broken"',
  ],
  async run(input) {
    const [{ prepareRollback, rollback: run }, { operate }] = await Promise.all([
      import('../../operations/rollback.ts'),
      import('../operate.ts'),
    ])
    const ask = await rollbackRequest(input, true)
    const environment = await input.environment()
    return operate(input, {
      environment,
      prepare: () => prepareRollback(environment, ask),
      run: (plan, options) => run(environment, plan, options),
    })
  },
})

const MODES = ['auto', 'fast', 'full'] as const

export async function rollbackRequest(input: CommandInput, asks: boolean) {
  const { args, options } = input
  const [{ parseSha }, { usageError }] = await Promise.all([
    import('../../domain/ids.ts'),
    import('../../domain/errors.ts'),
  ])
  const mode = MODES.find((one) => one === (options.mode ?? 'auto'))
  if (mode === undefined)
    throw usageError(`${JSON.stringify(options.mode)} is no mode: ${MODES.join(', ')}`, {
      code: 'bad-mode',
      place: { flag: '--mode' },
    })
  return {
    sha: args[0] === undefined ? null : parseSha(args[0]),
    mode,
    reason: reasonOf(options),
    override: await overrideAsk(input, asks),
  }
}
