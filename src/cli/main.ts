import { COMMANDS } from './commands/index.ts'
import type { Io } from './io.ts'
import { quickParse } from './quick-parse.ts'
import { withEnvironment } from './with-environment.ts'

/** Runs one command and answers with the exit code. Help and version connect to nothing and lock nothing. */
export async function main(argv: readonly string[], io: Io, version: string): Promise<number> {
  const parsed = quickParse(argv, COMMANDS)
  if (parsed !== null) return withEnvironment(parsed.command, parsed.args, parsed.options, io)
  const { runProgram } = await import('./program.ts')
  return runProgram(argv, io, version)
}
