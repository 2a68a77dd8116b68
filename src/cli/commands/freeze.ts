import { defineCommand } from '../define-command.ts'

const REASON = { flags: '--reason <text>', description: 'kept in the history' }

export const freeze = defineCommand({
  name: 'freeze',
  summary: 'Let no deploy start; rollback, resume and abort stay possible',
  options: [REASON],
  async run(input) {
    const [operations, { requireReason }, { runOptions }] = await Promise.all([
      import('../../operations/freeze.ts'),
      import('../require-reason.ts'),
      import('../operate.ts'),
    ])
    const reason = requireReason(input.options, 'backflip freeze --reason TEXT')
    await operations.freeze(await input.environment(), reason, await runOptions(input))
    input.io.out(input.options.json === true ? `${JSON.stringify({ frozen: reason })}\n` : `frozen: ${reason}\n`)
    return 0
  },
})

export const unfreeze = defineCommand({
  name: 'unfreeze',
  summary: 'Let deploys start again',
  options: [REASON],
  async run(input) {
    const [operations, { requireReason }, { runOptions }] = await Promise.all([
      import('../../operations/freeze.ts'),
      import('../require-reason.ts'),
      import('../operate.ts'),
    ])
    const reason = requireReason(input.options, 'backflip unfreeze --reason TEXT')
    await operations.unfreeze(await input.environment(), reason, await runOptions(input))
    input.io.out(
      input.options.json === true ? `${JSON.stringify({ unfrozen: reason })}\n` : `deploys may start again\n`,
    )
    return 0
  },
})
