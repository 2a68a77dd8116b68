import type { OperationEnd } from '../../engine/run.ts'
import { type CommandInput, defineCommand } from '../define-command.ts'
import { reasonOf } from '../require-reason.ts'

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
    const [{ parseColor }, { applyStandbyLimit, cleanup: run, prepareCleanup }, { operate, runOptions }] =
      await Promise.all([
        import('../../domain/color.ts'),
        import('../../operations/cleanup.ts'),
        import('../operate.ts'),
      ])
    const { color, force, expired } = input.options as {
      readonly color?: string
      readonly force?: boolean
      readonly expired?: boolean
    }
    const parsed = color === undefined ? null : parseColor(color)
    const environment = await input.environment()
    if (expired === true) return sayExpired(input, await applyStandbyLimit(environment, await runOptions(input)))
    const ask = { color: parsed, force: force === true, reason: reasonOf(input.options) }
    return operate(input, {
      environment,
      prepare: () => prepareCleanup(environment, ask),
      run: (plan, options) => run(environment, plan, options),
    })
  },
})

/** For a timer: nothing is asked, because the config is the order. */
async function sayExpired({ io, options }: CommandInput, end: OperationEnd | null): Promise<number> {
  const { exitOfEnd } = await import('../exit-codes.ts')
  const exitCode = end === null ? 0 : exitOfEnd(end)
  const text =
    end === null
      ? 'nothing is over its time'
      : end.outcome === 'done'
        ? 'the standby color was over its time and is removed'
        : `the standby color is over its time and is not removed: ${end.error?.message ?? end.outcome}`
  const record = { removed: end?.outcome === 'done', exitCode, error: end?.error ?? null }
  io.out(options.json === true ? `${JSON.stringify(record)}\n` : `${text}\n`)
  return exitCode
}
