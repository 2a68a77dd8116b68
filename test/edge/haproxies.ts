import { unpackHaproxy3 } from './unpack-haproxy-3.ts'
import { requireHaproxy } from './world.ts'

export interface Haproxy {
  /** As tests are named: `HAProxy 2.6.12-1+deb12u4`. */
  readonly name: string
  readonly binary: string
}

/**
 * Every HAProxy that the edge is held to: the one from PATH, without which these tests fail with one sentence, and a 3.x where it can be had. Where it
 * cannot, one line says so.
 */
export function haproxies(): readonly Haproxy[] {
  const own = { name: `HAProxy ${requireHaproxy()}`, binary: 'haproxy' }
  if (own.name.startsWith('HAProxy 3.')) return [own]
  const found = unpackHaproxy3()
  if ('missing' in found) {
    console.log(`HAProxy 3 is not tested here: ${found.missing}`)
    return [own]
  }
  return [own, { name: `HAProxy ${requireHaproxy(found.binary)}`, binary: found.binary }]
}
