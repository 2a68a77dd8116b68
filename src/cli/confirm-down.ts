import { usageError } from '../domain/errors.ts'
import type { Environment, RunOptions } from '../operations/environment.ts'
import type { CommandInput } from './define-command.ts'
import { changingUnlessHeld, runOptions } from './operate.ts'

/** Stopping everything takes the app away from its users: asked for, or said with --yes. */
export async function operateDown(
  input: CommandInput,
  down: (environment: Environment, options: RunOptions) => Promise<void>,
): Promise<number> {
  const { io, options } = input
  const environment = await input.environment()
  if (options.yes !== true) {
    const answer = await io.ask(`Stop ${environment.config.app} in ${environment.settings.name}, edge included? [y/N] `)
    if (answer === null || !/^y(es)?$/i.test(answer.trim())) {
      throw usageError('not confirmed', {
        code: 'not-confirmed',
        place: { flag: '--yes' },
        hint: 'backflip down --yes',
      })
    }
  }
  await changingUnlessHeld(input, down(environment, await runOptions(input)))
  io.out(
    options.json === true
      ? `${JSON.stringify({ down: true })}\n`
      : 'down: the edge and every instance are stopped (backflip up brings them back)\n',
  )
  return 0
}
