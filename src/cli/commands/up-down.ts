import { defineCommand } from '../define-command.ts'

export const up = defineCommand({
  name: 'up',
  summary: 'Bring the recorded colors and the edge back, as after a reboot',
  async run(input) {
    const [operations, { changingUnlessHeld, runOptions }] = await Promise.all([
      import('../../operations/up-down.ts'),
      import('../operate.ts'),
    ])
    const report = await changingUnlessHeld(input, operations.up(await input.environment(), await runOptions(input)))
    input.io.out(
      input.options.json === true
        ? `${JSON.stringify(report)}\n`
        : `up: traffic goes to ${report.live}; ${report.instances.length} instances run\n`,
    )
    return 0
  },
})

export const down = defineCommand({
  name: 'down',
  summary: 'Stop the edge and every instance; what is recorded stays',
  async run(input) {
    const [operations, { operateDown }] = await Promise.all([
      import('../../operations/up-down.ts'),
      import('../confirm-down.ts'),
    ])
    return operateDown(input, operations.down)
  },
})
