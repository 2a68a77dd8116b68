import { defineCommand } from '../define-command.ts'

export const adopt = defineCommand({
  name: 'adopt',
  summary: 'Make this journal the edge’s own, in place of another one',
  options: [{ flags: '--reason <text>', description: 'kept in the history' }],
  async run(input) {
    const [operations, { requireReason }, { runOptions }] = await Promise.all([
      import('../../operations/adopt.ts'),
      import('../require-reason.ts'),
      import('../operate.ts'),
    ])
    const reason = requireReason(input.options, 'backflip adopt --reason TEXT')
    await operations.adopt(await input.environment(), reason, await runOptions(input))
    input.io.out(
      input.options.json === true
        ? `${JSON.stringify({ adopted: reason })}\n`
        : 'adopted: the edge belongs to this journal now\n',
    )
    return 0
  },
})
