import { defineCommand } from '../define-command.ts'

export const doctor = defineCommand({
  name: 'doctor',
  summary: 'Every difference between journal, edge and instances; mends what needs no decision',
  options: [{ flags: '--repair', description: 'mend the safe ones; which color is live is never guessed' }],
  examples: ['backflip doctor', 'backflip doctor --repair'],
  async run(input) {
    const [{ examine, repair }, { changingUnlessHeld, runOptions }, { painter }] = await Promise.all([
      import('../../operations/doctor.ts'),
      import('../operate.ts'),
      import('../render/style.ts'),
    ])
    const environment = await input.environment()
    const report =
      input.options.repair === true
        ? await changingUnlessHeld(input, repair(environment, await runOptions(input)))
        : await examine(environment)
    const paint = painter(input.io.useColor)
    const lines = [
      ...report.repaired.map(({ message }) => `${paint('good', '✓')} mended: ${message}`),
      ...report.drift.map(
        ({ message, repair: how, next }) =>
          `${paint('bad', '✗')} ${message}   ${how === 'safe' ? 'backflip doctor --repair' : (next ?? 'for a person to decide')}`,
      ),
      ...(report.drift.length === 0 ? [`${paint('good', '✓')} journal, edge and instances agree`] : []),
    ]
    input.io.out(input.options.json === true ? `${JSON.stringify(report)}\n` : `${lines.join('\n')}\n`)
    return report.drift.length === 0 ? 0 : 6
  },
})
