import { defineCommand } from '../define-command.ts'
import { reasonOf } from './deploy.ts'

export const cleanup = defineCommand({
  name: 'cleanup',
  summary: 'Stop and remove a color that has no traffic; its logs stay',
  options: [
    { flags: '--color <color>', description: 'blue or green; default: the standby color. Never the live one' },
    { flags: '--force', description: 'also the last fast way back to a good release; with --reason' },
    { flags: '--expired', description: 'only when the standby color has outlived standby.keepFor' },
    { flags: '--reason <text>', description: 'kept in the history' },
  ],
  examples: ['backflip cleanup', 'backflip cleanup --color green --force --reason "memory is short"'],
  async run(input) {
    const [{ parseColor }, { cleanup: run, prepareCleanup }, { applyStandbyLimit }, { operate, runOptions }] =
      await Promise.all([
        import('../../domain/color.ts'),
        import('../../operations/cleanup.ts'),
        import('../../operations/standby-limit.ts'),
        import('../operate.ts'),
      ])
    const { color, force, expired } = input.options as {
      readonly color?: string
      readonly force?: boolean
      readonly expired?: boolean
    }
    const parsed = color === undefined ? null : parseColor(color)
    const environment = await input.environment()
    if (expired === true) {
      const done = await applyStandbyLimit(environment, await runOptions(input))
      input.io.out(done ? 'the standby color was over its time and is removed\n' : 'nothing is over its time\n')
      return 0
    }
    const plan = await prepareCleanup(environment, {
      color: parsed,
      force: force === true,
      reason: reasonOf(input.options),
    })
    return operate(input, plan, (options) => run(environment, plan, options))
  },
})
