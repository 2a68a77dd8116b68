import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadParser } from '../../src/migrations/sql/parser.ts'

/** The floor of a lint: the same grammar over the same files, and nothing else. `node parse-only.ts FOLDER < names`. */
const [folder = ''] = process.argv.slice(2)
const parser = await loadParser()
let statements = 0
for (const name of readFileSync(0, 'utf8').split('\n')) {
  if (name === '') continue
  const parsed = parser.parse(readFileSync(join(folder, name), 'utf8'))
  if (!('message' in parsed)) statements += parsed.length
}
console.log(statements)
