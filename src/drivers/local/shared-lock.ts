import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { BackflipError } from '../../domain/errors.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Liveness } from '../../ports/liveness.ts'
import type { SharedLock } from '../../ports/shared-lock.ts'

const PAUSE_MS = 20
/** SQLITE_BUSY. */
const BUSY = 5

/**
 * SQLite's exclusive lock on a small file: the kernel takes it back from whoever dies, so nobody has to judge whether a holder is dead and take its
 * lock away, which cannot be done with files alone (the lock of the next one may be in its place by then). The file stays; `<what>.holder`
 * beside it says who had it last, for the error of the one that waits too long.
 */
export function localSharedLock(folder: string, clock: Clock, liveness: Liveness): SharedLock {
  return {
    async hold(what, waitMs, work) {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      const { DatabaseSync } = await import('node:sqlite')
      const database = new DatabaseSync(join(folder, `${what}.lock`), { timeout: 0 })
      const holder = join(folder, `${what}.holder`)
      try {
        const begun = clock.monotonicMs()
        while (!takes(database)) {
          if (clock.monotonicMs() - begun >= waitMs) throw busy(what, holder)
          await clock.sleep(PAUSE_MS)
        }
        const { actor, pid, host } = await liveness.self(process.title)
        writeFileSync(holder, `${actor}, pid ${pid} on ${host}`, { mode: 0o600 })
        return await work()
      } finally {
        database.close()
      }
    },
  }
}

function takes(database: DatabaseSync): boolean {
  try {
    database.exec('begin exclusive')
    return true
  } catch (error) {
    if ((error as { readonly errcode?: number }).errcode === BUSY) return false
    throw error
  }
}

function busy(what: string, holder: string): BackflipError {
  return new BackflipError(`${what} is busy`, {
    code: 'shared-lock-busy',
    kind: 'held',
    details: describe(holder),
    hint: 'try again in a moment',
  })
}

/** Nobody, in the instant between taking the lock and saying who took it. */
function describe(holder: string): readonly string[] {
  try {
    return [`held by ${readFileSync(holder, 'utf8')}`]
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
