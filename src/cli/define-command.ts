import type { Config } from '../config/types.ts'
import type { Environment } from '../operations/environment.ts'
import type { Io } from './io.ts'

export interface OptionSpec {
  /** As commander writes it: `--reason <text>`, `--again`, `-f, --follow`. */
  readonly flags: string
  readonly description: string
}

/** What every verb takes besides its own. */
export interface GlobalOptions {
  readonly env?: string
  readonly json?: boolean
  readonly events?: boolean
  readonly yes?: boolean
  readonly config?: string
  readonly lockWait?: string
}

export interface CommandInput {
  /** In the order of `arguments`; a variadic one is the rest. */
  readonly args: readonly string[]
  readonly options: GlobalOptions & { readonly [name: string]: unknown }
  readonly io: Io
  readonly config: () => Promise<Config>
  /** Opens the environment’s journal. */
  readonly environment: () => Promise<Environment>
  /** Said as soon as something was changed: an error after that no longer says that nothing was. */
  readonly changing: () => void
}

/** One verb. Light: what it needs is imported in `run`, so that help loads nothing else. Returns the exit code. */
export interface Command {
  /** `deploy`, or two words: `lock acquire`. */
  readonly name: string
  readonly summary: string
  /** As commander writes them: `<sha>`, `[sha]`, `<source...>`. */
  readonly arguments?: readonly string[]
  readonly options?: readonly OptionSpec[]
  readonly examples?: readonly string[]
  readonly run: (input: CommandInput) => Promise<number>
}

export function defineCommand(command: Command): Command {
  return command
}
