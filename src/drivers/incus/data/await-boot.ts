import { BackflipError } from '../../../domain/errors.ts'
import type { Clock } from '../../../ports/clock.ts'
import { type Container, runInContainer } from '../run-in-container.ts'

const LIMIT_MS = 60_000
const PAUSE_MS = 200
const DONE = /^(running|degraded|maintenance)$/

/**
 * Waits until systemd has started what an instance starts at boot, at most a minute; an instance without systemd is not waited for. A server answers about two
 * seconds before its unit is up, and a unit that is stopped in between fails at the next start (seen with Debian's `postgresql@.service`).
 */
export async function awaitBoot(container: Container, clock: Clock): Promise<void> {
  const begun = clock.monotonicMs()
  for (;;) {
    const leftMs = LIMIT_MS - (clock.monotonicMs() - begun)
    if (leftMs <= 0) return
    const state = await askSystemd(container, leftMs)
    if (state === null || DONE.test(state)) return
    await clock.sleep(PAUSE_MS)
  }
}

/** Null when there is no systemd, or no answer in time. Its bus is there a moment after the container runs. */
async function askSystemd(container: Container, timeoutMs: number): Promise<string | null> {
  try {
    const argv = ['systemctl', 'is-system-running', '--wait']
    const { stdout } = await runInContainer(container, argv, { timeoutMs })
    return stdout.toString('utf8').trim()
  } catch (error) {
    if (error instanceof BackflipError && ['command-failed', 'command-timeout'].includes(error.code)) return null
    throw error
  }
}
