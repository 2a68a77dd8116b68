import { defineCommand } from '../define-command.ts'

const DEFAULT_LINES = 100

export const logs = defineCommand({
  name: 'logs',
  summary: 'The log of a component',
  arguments: ['<component>'],
  options: [
    { flags: '--color <color>', description: 'blue or green; default: the live one' },
    { flags: '--lines <count>', description: 'how many; default 100' },
    { flags: '-f, --follow', description: 'and what comes, until Ctrl-C' },
  ],
  examples: ['backflip logs backend --color green', 'backflip logs web -f'],
  async run({ args, io, options, environment: open }) {
    const [{ parseComponentName }, { parseColor }, operations, { parseCount }] = await Promise.all([
      import('../../domain/ids.ts'),
      import('../../domain/color.ts'),
      import('../../operations/logs.ts'),
      import('../parse-count.ts'),
    ])
    const { color, lines, follow } = options as {
      readonly color?: string
      readonly lines?: string
      readonly follow?: boolean
    }
    const component = parseComponentName(args[0] ?? '', 'COMPONENT')
    const asked = color === undefined ? null : parseColor(color)
    const count = lines === undefined ? DEFAULT_LINES : parseCount(lines, '--lines', 10_000)
    const environment = await open()
    const chosen = await operations.logColor(environment, asked)
    for (const line of await operations.lastLines(environment, component, chosen, count)) io.out(`${line}\n`)
    if (follow === true)
      for await (const line of operations.follow(environment, component, chosen, io.signal)) io.out(`${line}\n`)
    return 0
  },
})
