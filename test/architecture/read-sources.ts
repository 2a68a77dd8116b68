import { globSync, readFileSync } from 'node:fs'
import { sep } from 'node:path'
import type { SourceFile } from './imports.ts'

/** Every TypeScript and JavaScript file of ours, by its path from the root. */
export function readSources(root: string): readonly SourceFile[] {
  return globSync('{src,test,examples,bench,scripts,bin}/**/*.{ts,js}', { cwd: root })
    .map((path) => ({ path: path.split(sep).join('/'), text: readFileSync(`${root}/${path}`, 'utf8') }))
    .sort((a, b) => a.path.localeCompare(b.path))
}
