import { COMMANDS } from './commands/index.ts'
import { GLOBAL_OPTIONS } from './global-options.ts'

/** Every command with its arguments and options, as a page. Made from the very definitions that the program parses with. */
export function renderCliReference(): string {
  const globals = GLOBAL_OPTIONS.map(([flags, description]) => `| \`${flags}\` | ${description} |`)
  const commands = COMMANDS.map(({ name, summary, arguments: args = [], options = [], examples = [] }) => {
    const rows = options.map(({ flags, description }) => `| \`${flags}\` | ${description} |`)
    const table = rows.length === 0 ? [] : ['', '| option | |', '| --- | --- |', ...rows]
    const shown = examples.length === 0 ? [] : ['', '```sh', ...examples, '```']
    return [`## \`${['backflip', name, ...args].join(' ')}\``, '', `${summary}.`, ...table, ...shown].join('\n')
  })
  return `# Commands

Made from the code (\`npm run generate\`). Exit codes: 0 done · 1 failed, users saw nothing · 2 usage or config · 3 refused by a gate ·
4 somebody else holds the environment · 5 reverted · 6 a person is needed · 130 interrupted.

Every command takes these:

| option | |
| --- | --- |
${globals.join('\n')}

${commands.join('\n\n')}
`
}
