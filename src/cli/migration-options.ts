import { usageError } from '../domain/errors.ts'
import { quote } from '../domain/ids.ts'

/** Error `bad-option` (kind `usage`) names what there is. */
export function oneOf<T extends string>(given: string, known: readonly T[], flag: string): T {
  const found = known.find((one) => one === given)
  if (found !== undefined) return found
  throw usageError(`${flag} ${quote(given)} is none of ${known.join(', ')}`, { code: 'bad-option', place: { flag } })
}

const OLDEST_MAJOR = 10
const NEWEST_MAJOR = 30

export function parseMajor(text: string): number {
  const major = Number(text)
  if (Number.isInteger(major) && major >= OLDEST_MAJOR && major <= NEWEST_MAJOR) return major
  throw usageError(`--postgres ${quote(text)} is not a major version, as in 16`, {
    code: 'bad-option',
    place: { flag: '--postgres' },
  })
}
