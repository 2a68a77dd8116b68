import { randomBytes } from 'node:crypto'
import { promises as files } from 'node:fs'
import { join } from 'node:path'
import { BackflipError } from '../../domain/errors.ts'
import type { Holder } from '../../domain/journal.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Liveness } from '../../ports/liveness.ts'
import type { SharedLock } from '../../ports/shared-lock.ts'

const PAUSE_MS = 20

/** A file `<what>.lock` that is made with link(2), so that it is whole from its first instant, and names its holder. */
export function localSharedLock(folder: string, clock: Clock, liveness: Liveness): SharedLock {
  return {
    async hold(what, waitMs, work) {
      const path = join(folder, `${what}.lock`)
      await files.mkdir(folder, { recursive: true, mode: 0o700 })
      const release = await acquire(path, what, waitMs, clock, liveness)
      try {
        return await work()
      } finally {
        await release()
      }
    },
  }
}

async function acquire(
  path: string,
  what: string,
  waitMs: number,
  clock: Clock,
  liveness: Liveness,
): Promise<() => Promise<void>> {
  const own = `${path}.${process.pid}.${randomBytes(6).toString('hex')}`
  const text = JSON.stringify({ ...(await liveness.self(process.title)), nonce: own })
  await files.writeFile(own, text, { mode: 0o600 })
  try {
    const begun = clock.monotonicMs()
    for (;;) {
      if (await tryLink(own, path)) return () => releaseOwn(path, text)
      const held = await readHolder(path)
      if (held !== null && (await liveness.check(held.holder)) === 'dead') await takeAway(path, held.text)
      else if (clock.monotonicMs() - begun >= waitMs) throw busy(what, held?.holder ?? null)
      else await clock.sleep(PAUSE_MS)
    }
  } finally {
    await files.rm(own, { force: true })
  }
}

async function tryLink(own: string, path: string): Promise<boolean> {
  try {
    await files.link(own, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

async function readHolder(path: string): Promise<{ readonly holder: Holder; readonly text: string } | null> {
  try {
    const text = await files.readFile(path, 'utf8')
    return { holder: JSON.parse(text) as Holder, text }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** Renames the dead one's lock away: of several finders one succeeds, and a lock that is no longer the dead one's is put back. */
async function takeAway(path: string, text: string): Promise<void> {
  const aside = `${path}.dead.${randomBytes(6).toString('hex')}`
  try {
    await files.rename(path, aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  if ((await files.readFile(aside, 'utf8')) !== text) await tryLink(aside, path)
  await files.rm(aside, { force: true })
}

async function releaseOwn(path: string, text: string): Promise<void> {
  const held = await readHolder(path)
  if (held?.text === text) await files.rm(path, { force: true })
}

function busy(what: string, holder: Holder | null): BackflipError {
  return new BackflipError(`${what} is busy`, {
    code: 'shared-lock-busy',
    kind: 'held',
    details: holder === null ? [] : [`held by ${holder.actor}, pid ${holder.pid} on ${holder.host}`],
    hint: 'try again in a moment',
  })
}
