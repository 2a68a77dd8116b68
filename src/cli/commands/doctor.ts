import { defineCommand } from '../define-command.ts'

export const doctor = defineCommand({
  name: 'doctor',
  summary:
    'Every difference between journal, edge and instances, and what operations will run into; mends what needs no decision',
  options: [{ flags: '--repair', description: 'mend the safe ones; which color is live is never guessed' }],
  examples: ['backflip doctor', 'backflip doctor --repair'],
  async run(input) {
    const [{ examine, repair }, { changingUnlessHeld, runOptions }, { isHealthy, renderExamination, renderRepair }] =
      await Promise.all([import('../../operations/doctor.ts'), import('../operate.ts'), import('../render/doctor.ts')])
    const { io, options } = input
    const { painter } = await import('../render/style.ts')
    const paint = painter(io.useColor)
    const environment = await input.environment()
    const print = (report: object, lines: readonly string[]) =>
      io.out(options.json === true ? `${JSON.stringify(report)}\n` : `${lines.join('\n')}\n`)
    if (options.repair === true) {
      const report = await changingUnlessHeld(input, repair(environment, await runOptions(input)))
      print(report, renderRepair(report, paint))
      return report.drift.length === 0 ? 0 : 6
    }
    const found = await examine(environment)
    print(found, renderExamination(found, paint))
    return isHealthy(found) ? 0 : 6
  },
})
