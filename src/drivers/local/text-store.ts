import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { usageError } from '../../domain/errors.ts'
import { writeFileAtomic } from '../../lib/atomic-file.ts'
import { ensurePrivateFolder } from '../../lib/safe-folder.ts'
import { sha256Hex } from '../../lib/sha256.ts'
import type { TextStore } from '../../ports/text-store.ts'

const MAX_BYTES = 8 * 1024 * 1024

/** A folder that only we can read: what an operator runs by hand may hold what nobody else should see. */
export function folderTextStore(folder: string): TextStore {
  return {
    async keep(text) {
      if (Buffer.byteLength(text) > MAX_BYTES)
        throw usageError(`the file is larger than ${MAX_BYTES} bytes`, { code: 'text-too-large' })
      ensurePrivateFolder(folder)
      const sha256 = sha256Hex(text)
      await writeFileAtomic(join(folder, sha256), text)
      return sha256
    },
    async read(sha256) {
      try {
        const text = readFileSync(join(folder, sha256), 'utf8')
        return sha256Hex(text) === sha256 ? text : null
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
        throw error
      }
    },
  }
}
