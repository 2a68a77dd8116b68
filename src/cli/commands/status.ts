import { toErrorRecord } from '../../domain/errors.ts'
import { type CommandInput, defineCommand } from '../define-command.ts'
import { exitOfError } from '../exit-codes.ts'

const WATCH_EVERY_MS = 1_000
const CLEAR_SCREEN = '\u001b[H\u001b[2J'

export const status = defineCommand({
  name: 'status',
  summary: 'What is live, which ways back are open, and what differs from the journal',
  options: [{ flags: '--watch', description: 'again every second, until Ctrl-C; with --json one object a line' }],
  examples: ['backflip status', 'backflip status --json'],
  async run(input) {
    const { io, options, environment: open } = input
    const [{ status: look }, { renderStatus }, { painter }] = await Promise.all([
      import('../../operations/status.ts'),
      import('../render/status.ts'),
      import('../render/style.ts'),
    ])
    for (;;) {
      try {
        const environment = await open()
        const report = await look(environment)
        if (options.json === true) io.out(`${JSON.stringify(report)}\n`)
        else {
          const clear = options.watch === true && io.isTerminal ? CLEAR_SCREEN : ''
          io.out(`${clear}${renderStatus(report, painter(io.useColor)).join('\n')}\n`)
        }
        if (options.watch !== true || io.signal.aborted) return 0
        await environment.clock.sleep(WATCH_EVERY_MS, io.signal).catch(() => undefined)
        if (io.signal.aborted) return 0
      } catch (error) {
        return await showWithoutJournal(input, error)
      }
    }
  },
})

/** I9: a journal of a newer version, or a damaged one, hides neither what serves nor what runs. The error is told with it. */
async function showWithoutJournal({ io, options, surroundings }: CommandInput, error: unknown): Promise<number> {
  const [{ lookAround }, { renderSight }, { painter }] = await Promise.all([
    import('../../operations/look-around.ts'),
    import('../render/status.ts'),
    import('../render/style.ts'),
  ])
  const sight = await lookAround(await surroundings())
  const record = toErrorRecord(error)
  if (options.json !== true) {
    io.out(`${renderSight(sight, record, painter(io.useColor)).join('\n')}\n`)
    throw error
  }
  const exitCode = exitOfError(record.kind)
  io.out(`${JSON.stringify({ ...sight, exitCode, error: record })}\n`)
  return exitCode
}
