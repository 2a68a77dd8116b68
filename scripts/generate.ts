import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { renderCliReference } from '../src/cli/reference.ts'
import { renderRulePages } from '../src/cli/rules-reference.ts'
import { renderConfigReference, renderConfigSchema } from '../src/config/publish.ts'
import { loadParser } from '../src/migrations/sql/parser.ts'

const rulePages = Object.entries(renderRulePages(await loadParser()))
/** Files that are made from the code and committed: editors and readers use them. `--check` fails when one is not current. */
const FILES: Readonly<Record<string, () => string>> = {
  'schema/config.schema.json': renderConfigSchema,
  'docs/reference/config.md': renderConfigReference,
  'docs/reference/cli.md': renderCliReference,
  ...Object.fromEntries(rulePages.map(([name, text]) => [`docs/reference/${name}`, () => text])),
}

const root = fileURLToPath(new URL('..', import.meta.url))
const check = process.argv.includes('--check')

for (const [name, render] of Object.entries(FILES)) {
  const file = join(root, name)
  const text = render()
  if (!check) {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
    console.log(`wrote ${name}`)
  } else if (readOrEmpty(file) !== text) {
    console.error(`${name} is not what the code says: npm run generate`)
    process.exitCode = 1
  }
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}
