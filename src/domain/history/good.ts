import type { Sha } from '../ids.ts'
import type { EnvironmentRecord, LedgerRecord } from './record.ts'

/** Releases that passed phase F here and were neither reverted nor rolled away from since; latest served first. */
export function goodReleases(record: EnvironmentRecord): readonly Sha[] {
  const good: Sha[] = []
  for (const one of record.served.toReversed()) {
    if (one.fate === 'good' && !good.includes(one.sha)) good.push(one.sha)
  }
  return good.filter((sha) => !record.blocked.some((one) => one.sha === sha))
}

/**
 * Where a rollback without a SHA goes: the last good release that served before the live one began to.
 * Never the live one itself, never a failed, reverted or rolled-away one, never one that served only later.
 */
export function lastGoodBefore(record: EnvironmentRecord): Sha | null {
  const live = record.live
  if (live === null) return null
  const good = new Set(goodReleases(record))
  const since = record.served.findLastIndex((one) => one.operation === live.operation && one.sha === live.sha)
  const earlier = since === -1 ? record.served : record.served.slice(0, since)
  return earlier.findLast((one) => one.sha !== live.sha && good.has(one.sha))?.sha ?? null
}

const GOOD_KEPT = 3

/** Releases that a way back may need, so that nothing throws them away: live, standby, the last three good ones. */
export function pinnedReleases(record: EnvironmentRecord): readonly Sha[] {
  const held = [record.live?.sha, record.colors.blue.sha, record.colors.green.sha]
  const pins = [...held.filter((sha) => sha !== undefined && sha !== null), ...goodReleases(record).slice(0, GOOD_KEPT)]
  const next = lastGoodBefore(record)
  return [...new Set(next === null ? pins : [...pins, next])]
}

export function ledgerOf(record: EnvironmentRecord, sha: Sha): LedgerRecord | null {
  return record.ledger.find((one) => one.sha === sha) ?? null
}
