import { defineCommand } from '../define-command.ts'

const DEFAULT_LINES = 100

export const logs = defineCommand({
  name: 'logs',
  summary: 'The log of a component',
  arguments: ['<component>'],
  options: [
    { flags: '--color <color>', description: 'blue or green; default: the live one' },
    { flags: '--lines <count>', description: 'how many; default 100' },
    { flags: '-f, --follow', description: 'and what comes, until Ctrl-C; with --json one object a line' },
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
    const found = await operations.lastLines(environment, component, chosen, count)
    if (options.json === true && follow !== true) {
      io.out(`${JSON.stringify({ component, color: chosen, lines: found })}\n`)
      return 0
    }
    const print = (line: string) =>
      io.out(options.json === true ? `${JSON.stringify({ component, color: chosen, line })}\n` : `${line}\n`)
    found.forEach(print)
    if (follow === true)
      for await (const line of operations.follow(environment, component, chosen, io.signal)) print(line)
    return 0
  },
})
