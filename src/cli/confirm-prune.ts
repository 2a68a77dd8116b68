import { usageError } from '../domain/errors.ts'
import type { CommandInput } from './define-command.ts'

/** A way back is destroyed: a person, or `--yes`, says so. */
export async function confirmPrune({ io, options }: CommandInput): Promise<void> {
  if (options.yes === true) return
  const answer = await io.ask('Remove them? [y/N] ')
  if (answer !== null && /^y(es)?$/i.test(answer.trim())) return
  throw usageError(answer === null ? 'nobody is there to confirm' : 'not confirmed', {
    code: 'not-confirmed',
    place: { flag: '--yes' },
    hint: 'the same command with --yes, or with --dry-run to look first',
  })
}
