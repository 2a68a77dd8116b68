import { COLORS } from '../color.ts'
import { goodReleases } from '../history/good.ts'
import type { EnvironmentRecord } from '../history/record.ts'
import type { Sha } from '../ids.ts'
import { verdictOf } from './verdict.ts'

const GOOD_KEPT = 3

/** What may have to serve on the schema: the live release, the standby one when it is a way back, and the last three good ones. Newest first. */
export function rollbackWindow(record: EnvironmentRecord): readonly Sha[] {
  const good = goodReleases(record)
  const held = COLORS.flatMap((color) => record.colors[color].sha ?? []).filter((sha) => good.includes(sha))
  const live = record.live === null ? [] : [record.live.sha]
  const all = new Set([...live, ...good.slice(0, GOOD_KEPT), ...held])
  const lastServed = (sha: Sha) => record.served.findLastIndex((one) => one.sha === sha)
  return [...all].toSorted((a, b) => lastServed(b) - lastServed(a))
}

/**
 * The oldest release of the window that fits today's schema, with none after it that does not. For people: a gate asks for the verdict of the
 * release at hand, because an older one may fit again.
 */
export function rollbackFloor(record: EnvironmentRecord): Sha | null {
  let floor: Sha | null = null
  for (const sha of rollbackWindow(record)) {
    const verdict = verdictOf(record, sha)?.verdict
    if (verdict === 'incompatible') return floor
    if (verdict === 'compatible') floor = sha
  }
  return floor
}
