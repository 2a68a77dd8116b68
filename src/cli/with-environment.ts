import type { Config } from '../config/types.ts'
import { BackflipError, toErrorRecord } from '../domain/errors.ts'
import type { Environment, Surroundings } from '../operations/environment.ts'
import type { Command, CommandInput } from './define-command.ts'
import { EXIT, exitOfError } from './exit-codes.ts'
import type { Io } from './io.ts'

/** Gives a command its configuration and environment when it asks for them, and says every error in one form. */
export async function withEnvironment(
  command: Command,
  args: readonly string[],
  options: CommandInput['options'],
  io: Io,
): Promise<number> {
  // Never closed: the process ends, and what is written is durable. Closing would move SQLite's log into its file while somebody waits.
  let opened: Environment | null = null
  const config = async (): Promise<Config> => {
    const { findConfig, loadConfig } = await import('../config/load.ts')
    return loadConfig(findConfig(io.cwd, options.config ?? null))
  }
  const environment = async (): Promise<Environment> => {
    const [{ chooseEnvironment }, { compose }] = await Promise.all([
      import('../config/load.ts'),
      import('../compose.ts'),
    ])
    const known = await config()
    opened ??= await compose(known, await chooseEnvironment(known, options.env ?? null))
    return opened
  }
  let changed = false
  const changing = () => {
    changed = true
  }
  const surroundings = async (): Promise<Surroundings> => {
    const [{ chooseEnvironment }, { composeWithoutJournal }] = await Promise.all([
      import('../config/load.ts'),
      import('../compose.ts'),
    ])
    const known = await config()
    return composeWithoutJournal(known, await chooseEnvironment(known, options.env ?? null))
  }
  try {
    return await command.run({ args, options, io, config, environment, surroundings, changing })
  } catch (error) {
    return await say(error, options.json === true, io, changed)
  }
}

async function say(error: unknown, json: boolean, io: Io, changed: boolean): Promise<number> {
  const exitCode = io.signal.aborted
    ? EXIT.interrupted
    : error instanceof BackflipError
      ? exitOfError(error.kind)
      : EXIT.failed
  if (json) {
    io.out(`${JSON.stringify({ exitCode, error: toErrorRecord(error) })}\n`)
    return exitCode
  }
  const [{ renderError, stackOf }, { painter }] = await Promise.all([
    import('./render/error.ts'),
    import('./render/style.ts'),
  ])
  const what = changed ? 'some of it may be done: backflip status' : 'nothing changed'
  io.err(`${renderError(error, exitCode, what, painter(io.useColor)).join('\n')}\n`)
  const stack = stackOf(error)
  if (stack !== null) io.err(`${stack}\n`)
  return exitCode
}
