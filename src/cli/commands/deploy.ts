import { defineCommand } from '../define-command.ts'
import { OVERRIDE_OPTIONS, overrideAsk } from '../override-options.ts'
import { reasonOf } from '../require-reason.ts'

export const deploy = defineCommand({
  name: 'deploy',
  summary: 'Bring a release to the standby color, check it, send it the traffic, verify it',
  arguments: ['<sha>'],
  options: [
    { flags: '--again', description: 'also a release that was reverted or rolled away from; with --reason' },
    { flags: '--reason <text>', description: 'kept in the history' },
    ...OVERRIDE_OPTIONS,
  ],
  examples: ['backflip deploy 2f81c03a9d… --yes', 'backflip deploy 2f81c03a9d… --lock-wait 15m --yes --json'],
  async run(input) {
    const [{ parseSha }, { deploy: run, prepareDeploy }, { operate }] = await Promise.all([
      import('../../domain/ids.ts'),
      import('../../operations/deploy.ts'),
      import('../operate.ts'),
    ])
    const sha = parseSha(input.args[0] ?? '')
    const environment = await input.environment()
    const ask = {
      sha,
      again: input.options.again === true,
      reason: reasonOf(input.options),
      override: await overrideAsk(input, true),
    }
    const exitCode = await operate(input, {
      environment,
      prepare: () => prepareDeploy(environment, ask),
      run: (plan, options) => run(environment, plan, options),
    })
    if (exitCode === 0 && environment.data.length > 0) {
      const { verifyInBackground } = await import('../verify-in-background.ts')
      verifyInBackground(environment)
    }
    return exitCode
  },
})
