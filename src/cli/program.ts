import { CommanderError, Option, Command as Program } from 'commander'
import type { ErrorRecord } from '../domain/errors.ts'
import { COMMANDS } from './commands/index.ts'
import type { Command, CommandInput, GlobalOptions } from './define-command.ts'
import { EXIT } from './exit-codes.ts'
import { GLOBAL_OPTIONS } from './global-options.ts'
import type { Io } from './io.ts'
import { withEnvironment } from './with-environment.ts'

/** Parses with commander, which knows what to say: help, versions, mistakes. Answers with the exit code. */
export async function runProgram(argv: readonly string[], io: Io, version: string): Promise<number> {
  let exitCode: number = EXIT.done
  const program = buildProgram(argv, io, version, async (command, args, options) => {
    exitCode = await withEnvironment(command, args, options, io)
  })
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return exitCode
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return EXIT.done
    if (argv.includes('--json')) io.out(`${JSON.stringify({ exitCode: EXIT.usage, error: toRecord(error) })}\n`)
    return EXIT.usage
  }
}

/** The mistake as every other error is told to a program; for people commander has written it to standard error. */
function toRecord({ code, message }: CommanderError): ErrorRecord {
  return { code: code.replace('commander.', ''), kind: 'usage', message: message.replace(/^error: /, '') }
}

type RunCommand = (command: Command, args: readonly string[], options: CommandInput['options']) => Promise<void>

/** The family of the verb that was typed, or all of them for help and for a suggestion: building the others costs more than parsing. */
function commandsFor(argv: readonly string[]): readonly Command[] {
  const family = COMMANDS.filter(({ name }) => name.split(' ')[0] === argv[0])
  return family.length === 0 ? COMMANDS : family
}

function buildProgram(argv: readonly string[], io: Io, version: string, run: RunCommand): Program {
  const program = prepare(new Program('backflip'), io)
    .description('Blue/green deploys that can always flip back')
    .version(version)
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 failed (users saw nothing), 2 usage, 3 refused, 4 held by another, 5 reverted, 6 a person is needed',
    )
  const groups = new Map<string, Program>()
  for (const command of commandsFor(argv)) {
    const [group, verb] = command.name.split(' ') as [string, string | undefined]
    const parent = verb === undefined ? program : (groups.get(group) ?? addGroup(program, group, groups, io))
    addCommand(parent, verb ?? group, command, io, run)
  }
  return program
}

function addGroup(program: Program, name: string, groups: Map<string, Program>, io: Io): Program {
  const members = COMMANDS.filter((one) => one.name.startsWith(`${name} `)).map((one) =>
    one.name.slice(name.length + 1),
  )
  const group = prepare(program.command(name), io).description(members.join(', '))
  groups.set(name, group)
  return group
}

function addCommand(parent: Program, verb: string, command: Command, io: Io, run: RunCommand): void {
  const isDefault = verb === 'list'
  const added = prepare(parent.command(verb, { isDefault }), io).description(command.summary)
  for (const argument of command.arguments ?? []) added.argument(argument)
  for (const { flags, description } of command.options ?? []) added.addOption(new Option(flags, description))
  for (const [flags, description] of GLOBAL_OPTIONS) added.addOption(new Option(flags, description))
  const examples = command.examples ?? []
  if (examples.length > 0)
    added.addHelpText('after', `\nFor example:\n${examples.map((line) => `  ${line}`).join('\n')}`)
  added.action(async (...given: unknown[]) => {
    const args = given
      .slice(0, -2)
      .flatMap((one) => (Array.isArray(one) ? (one as string[]) : one === undefined ? [] : [String(one)]))
    await run(command, args, given.at(-2) as GlobalOptions & CommandInput['options'])
  })
}

/** No exit from within, output through `io`, no surprises from arguments. */
function prepare(program: Program, io: Io): Program {
  return program
    .exitOverride()
    .configureOutput({
      writeOut: io.out,
      writeErr: io.err,
      getOutHelpWidth: () => Math.min(io.columns, 120),
      getErrHelpWidth: () => Math.min(io.columns, 120),
    })
    .showHelpAfterError('(--help shows what there is)')
    .showSuggestionAfterError(true)
    .allowExcessArguments(false)
}
