import { defineCommand } from '../define-command.ts'

export const adopt = defineCommand({
  name: 'adopt',
  summary: 'Make this journal the edge’s own, and what the edge serves what the journal says',
  options: [{ flags: '--reason <text>', description: 'kept in the history' }],
  async run(input) {
    const [operations, { requireReason }, { runOptions }] = await Promise.all([
      import('../../operations/adopt.ts'),
      import('../require-reason.ts'),
      import('../operate.ts'),
    ])
    const reason = requireReason(input.options, 'backflip adopt --reason TEXT')
    const found = await operations.adopt(await input.environment(), reason, await runOptions(input))
    const held = found?.colors[found.live]
    const text = [
      'adopted: the edge belongs to this journal now',
      ...(found == null || held == null
        ? []
        : [
            `  live is ${held.sha} on ${found.live}, as the edge serves it; nobody knows here how good it is`,
            `  → when it is: backflip releases mark-good ${held.sha} --reason TEXT`,
          ]),
    ]
    input.io.out(
      input.options.json === true ? `${JSON.stringify({ adopted: reason, found })}\n` : `${text.join('\n')}\n`,
    )
    return 0
  },
})
