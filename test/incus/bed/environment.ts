import type { Bed } from './bed.ts'

const FOLDER = 'BACKFLIP_TEST_INCUS_FOLDER'
const INIT_PID = 'BACKFLIP_TEST_INCUS_INIT'
const DEBIAN = 'BACKFLIP_TEST_INCUS_DEBIAN'

/** How a bed reaches the tests that run in its network. */
export function toEnvironment({ folder, initPid, hasDebian }: Bed): { readonly [name: string]: string } {
  return { [FOLDER]: folder, [INIT_PID]: String(initPid), [DEBIAN]: hasDebian ? 'yes' : 'no' }
}

/** The bed that this test process runs in. Throws one sentence when there is none. */
export function bedFromEnvironment(): Bed {
  const folder = process.env[FOLDER]
  const initPid = Number(process.env[INIT_PID])
  if (folder === undefined || !Number.isInteger(initPid)) {
    throw new Error('these tests run on a real Incus: npm run incus -- run FILE')
  }
  return { folder, initPid, hasDebian: process.env[DEBIAN] === 'yes' }
}
