import { defineCommand } from '../define-command.ts'

const WATCH_EVERY_MS = 1_000

export const status = defineCommand({
  name: 'status',
  summary: 'What is live, which ways back are open, and what differs from the journal',
  options: [{ flags: '--watch', description: 'again every second, until Ctrl-C' }],
  examples: ['backflip status', 'backflip status --json'],
  async run({ io, options, environment: open }) {
    const [{ status: look }, { renderStatus }, { painter }] = await Promise.all([
      import('../../operations/status.ts'),
      import('../render/status.ts'),
      import('../render/style.ts'),
    ])
    const environment = await open()
    for (;;) {
      const report = await look(environment)
      const text =
        options.json === true
          ? `${JSON.stringify(report)}\n`
          : `${renderStatus(report, painter(io.useColor)).join('\n')}\n`
      io.out(options.watch === true && io.isTerminal ? `\u001b[H\u001b[2J${text}` : text)
      if (options.watch !== true || io.signal.aborted) return 0
      await environment.clock.sleep(WATCH_EVERY_MS, io.signal).catch(() => undefined)
      if (io.signal.aborted) return 0
    }
  },
})
