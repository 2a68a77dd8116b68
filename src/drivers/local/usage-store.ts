import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { badUsage, parseUsage } from '../../domain/compatibility/usage.ts'
import { writeFileAtomic } from '../../lib/atomic-file.ts'
import { ensurePrivateFolder } from '../../lib/safe-folder.ts'
import type { UsageStore } from '../../ports/usage-store.ts'

const MAX_BYTES = 8 * 1024 * 1024

/** `<sha>.json` in a folder. */
export function folderUsageStore(folder: string): UsageStore {
  return {
    async read(sha) {
      const file = join(folder, `${sha}.json`)
      const found = statSync(file, { throwIfNoEntry: false })
      if (found === undefined) return null
      if (found.size > MAX_BYTES) throw badUsage(file, `it is larger than ${MAX_BYTES} bytes`)
      const usage = parseUsage(readFileSync(file, 'utf8'), file)
      if (usage.sha !== sha) throw badUsage(file, 'it is of another release')
      return { ...usage, sha }
    },
    async write(usage) {
      ensurePrivateFolder(folder)
      const file = join(folder, `${usage.sha}.json`)
      const text = `${JSON.stringify(usage, null, 1)}\n`
      if (Buffer.byteLength(text) > MAX_BYTES) throw badUsage(file, `it would be larger than ${MAX_BYTES} bytes`)
      await writeFileAtomic(file, text, { mode: 0o600 })
    },
  }
}
