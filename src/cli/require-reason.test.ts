import { expect, it } from 'vitest'
import { reasonOf, requireReason } from './require-reason.ts'

it('a reason is one line without control characters, however it was typed', () => {
  expect(reasonOf({ reason: ' checkout\nis \u001b[2Jbroken\r\n ' })).toBe('checkout is [2Jbroken')
  expect(reasonOf({ reason: 'wärtung, 再起動 👍' })).toBe('wärtung, 再起動 👍')
})

it('nothing, blanks and control characters are no reason', () => {
  for (const reason of ['', '  ', '\n\t', '\u001b\u0000', '\u200b']) {
    expect(reasonOf({ reason })).toBeNull()
    expect(() => requireReason({ reason }, 'backflip freeze --reason TEXT')).toThrow(/a reason is needed/)
  }
})
