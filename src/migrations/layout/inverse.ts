import type { Layout } from './layouts.ts'

/** Where a runner keeps the SQL for the way back: another file, a section of the same one, or nowhere. */
export function inversePathOf(layout: Layout, path: string): string | null {
  if (layout.sections !== null) return path
  if (/(^|[./])up\.sql$/.test(path)) return path.replace(/up\.sql$/, 'down.sql')
  // Prisma knows none; people put it beside the migration.
  if (layout.name === 'prisma') return path.replace(/migration\.sql$/, 'down.sql')
  return path.endsWith('.sql') ? path.replace(/\.sql$/, '.down.sql') : null
}

/** What of that file goes back; null when it says nothing. Everything else of it is blank: the same length, so that places stay. */
export function inverseTextOf({ sections }: Layout, text: string): string | null {
  if (sections === null) return text.trim() === '' ? null : text
  let isDown = false
  const lines = text.split('\n').map((line) => {
    if (sections.down.test(line)) isDown = true
    else if (sections.up.test(line)) isDown = false
    return isDown ? line : ' '.repeat(line.length)
  })
  const down = lines.join('\n')
  return down.split('\n').every((line) => line.trim() === '' || line.trim().startsWith('--')) ? null : down
}
