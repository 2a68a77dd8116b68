import { expect, it } from 'vitest'
import { edgeContract } from '../contract/edge.ts'
import { haproxyTests } from './haproxy-tests.ts'
import { unpackHaproxy3 } from './unpack-haproxy-3.ts'
import { haproxyWorld, requireHaproxy } from './world.ts'

const found = unpackHaproxy3()

if ('missing' in found) {
  console.log(`HAProxy 3 is not tested here: ${found.missing}`)
  it(`HAProxy 3 is not tested here: ${found.missing}`, () => expect(found.missing).not.toBe(''))
} else {
  it('is a HAProxy 3', () => expect(requireHaproxy(found.binary)).toMatch(/^3\./))
  edgeContract('HAProxy 3', () => haproxyWorld(found.binary))
  haproxyTests('HAProxy 3', found.binary)
}
