import { refusal } from '../../domain/errors.ts'
import type { Sha } from '../../domain/ids.ts'
import { defineStep } from '../../engine/step.ts'
import { cachedRelease } from '../guards.ts'
import type { StepPorts } from '../ports.ts'

/** Unpacked files are larger than packed ones; the old color's are there until C has emptied it. */
const UNPACKED_FACTOR = 4
/** For logs, the journal and everything else: a deploy never takes the last bytes. */
const RESERVE_BYTES = 16 * 1024 * 1024

/** A: the release can be launched and there is room to unpack it, before anything is changed (research/reliability.md §6.4, ENOSPC). */
export const checkRoom = defineStep<StepPorts, { readonly sha: Sha }>({
  id: 'check-room',
  limits: { attempts: 1, timeoutMs: 10_000 },
  async execute({ sha }, { ports }) {
    const { manifest } = await cachedRelease(ports, sha)
    await ports.runtime.checkLaunch(manifest)
    const packedBytes = manifest.components.reduce((sum, { artifact }) => sum + artifact.sizeBytes, 0)
    const neededBytes = packedBytes * UNPACKED_FACTOR + RESERVE_BYTES
    const freeBytes = await ports.runtime.freeBytes()
    if (freeBytes < neededBytes) {
      throw refusal(`no room to unpack: ${freeBytes} bytes are free and ${neededBytes} are wanted`, {
        code: 'no-room',
        hint: 'free some disk space, then deploy again',
      })
    }
    return { output: { freeBytes, neededBytes }, effects: [] }
  },
  undo: 'none',
})
