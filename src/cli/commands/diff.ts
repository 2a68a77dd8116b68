import { defineCommand } from '../define-command.ts'

export const diff = defineCommand({
  name: 'diff',
  summary: 'What differs between two releases',
  arguments: ['<from>', '<to>'],
  async run({ args, io, options, environment: open }) {
    const [{ parseSha }, { diff: compare }] = await Promise.all([
      import('../../domain/ids.ts'),
      import('../../operations/diff.ts'),
    ])
    const [from, to] = [parseSha(args[0] ?? '', 'FROM'), parseSha(args[1] ?? '', 'TO')]
    const result = await compare(await open(), from, to)
    const { added, removed, changed } = result.migrations
    const migrations = [
      ...added.map((one) => `+ migration ${one}`),
      ...removed.map((one) => `- migration ${one}`),
      ...changed.map((one) => `! migration ${one} was edited`),
    ]
    const lines = [
      ...result.components.map(
        ({ component, change, fields }) =>
          `${component.padEnd(16)} ${change}${fields.length === 0 ? '' : `: ${fields.join(', ')}`}`,
      ),
      ...migrations,
    ]
    io.out(options.json === true ? `${JSON.stringify(result)}\n` : `${lines.join('\n')}\n`)
    return 0
  },
})
