import { BackflipError } from '../../src/domain/errors.ts'
import type { SharedLock } from '../../src/ports/shared-lock.ts'
import type { Operator } from './operator.ts'
import type { World } from './world.ts'

/** Held until the work ends, or its process is dead. Nobody waits. */
export function fakeLocks(world: World, operator: Operator): SharedLock {
  return {
    async hold(what, _waitMs, work) {
      const holder = world.locks.get(what)
      if (holder !== undefined && !holder.dead)
        throw new BackflipError(`${what} is busy`, { code: 'shared-lock-busy', kind: 'held' })
      world.locks.set(what, operator)
      try {
        return await work()
      } finally {
        if (world.locks.get(what) === operator) world.locks.delete(what)
      }
    },
  }
}
