import type { ServerAddress } from '../../src/drivers/shadow/session.ts'

/** A server of our own, as a person would name it. */
export function dsnOf(address: ServerAddress): string {
  if (!('socketFolder' in address)) throw new Error('a server of our own has a socket')
  return `postgres://backflip@/postgres?host=${address.socketFolder}`
}
