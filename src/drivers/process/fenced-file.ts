import { writeFileAtomic } from '../../lib/atomic-file.ts'
import { type Entered, throughFence } from './fence.ts'

/**
 * The old bytes or the new ones, also after a power cut; and only while the generation may write: the temporary file is in its folder, so that
 * a writer who was let in long ago has nothing left to rename. Mode 0600.
 */
export async function writeFenced(entered: Entered, path: string, text: string): Promise<void> {
  await throughFence(entered, () => writeFileAtomic(path, text, { via: entered.folder }))
}
