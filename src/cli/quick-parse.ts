import { parseArgs } from 'node:util'
import type { Command, CommandInput } from './define-command.ts'
import { GLOBAL_OPTIONS } from './global-options.ts'

export interface Parsed {
  readonly command: Command
  readonly args: readonly string[]
  readonly options: CommandInput['options']
}

/**
 * A command line that is plainly right, parsed by Node's own parser. Null for everything else — help, a mistake, a doubt: then commander, which
 * costs a third of Node's start to load, parses again and says what is wrong (measured in docs/decisions/0006-start-up.md).
 */
export function quickParse(argv: readonly string[], commands: readonly Command[]): Parsed | null {
  const command =
    commands.find(({ name }) => name === `${argv[0]} ${argv[1]}`) ?? commands.find(({ name }) => name === argv[0])
  if (command === undefined) return null
  try {
    const { values, positionals } = parseArgs({
      args: argv.slice(command.name.split(' ').length),
      options: optionsOf(command),
      allowPositionals: true,
      strict: true,
    })
    if (!fits(command, positionals)) return null
    const options = Object.fromEntries(Object.entries(values).map(([name, value]) => [camelCase(name), value]))
    return { command, args: positionals, options }
  } catch (error) {
    // The words for it are commander's.
    if (error instanceof TypeError) return null
    throw error
  }
}

type OptionTypes = { readonly [name: string]: { readonly type: 'string' | 'boolean'; readonly short?: string } }

function optionsOf({ options = [] }: Command): OptionTypes {
  const flags = [...options.map((one) => one.flags), ...GLOBAL_OPTIONS.map(([one]) => one)]
  return Object.fromEntries(
    flags.map((one) => {
      const [, short, name = '', value] = /^(?:-(\w), )?--([a-z-]+)( <.+>)?$/.exec(one) ?? []
      return [
        name,
        {
          type: value === undefined ? ('boolean' as const) : ('string' as const),
          ...(short === undefined ? {} : { short }),
        },
      ]
    }),
  )
}

/** As many as it takes: `<one>` is needed, `[one]` is not, `<many...>` takes the rest. */
function fits({ arguments: wanted = [] }: Command, given: readonly string[]): boolean {
  const needed = wanted.filter((one) => one.startsWith('<')).length
  const most = wanted.some((one) => one.includes('...')) ? Number.POSITIVE_INFINITY : wanted.length
  return given.length >= needed && given.length <= most
}

function camelCase(name: string): string {
  return name.replaceAll(/-([a-z])/g, (_all, letter: string) => letter.toUpperCase())
}
