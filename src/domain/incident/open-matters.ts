import { otherColor } from '../color.ts'
import { type OverrideRecord, openOverrides } from '../compatibility/override.ts'
import { whyIncompatible } from '../compatibility/verdict.ts'
import { rollbackWindow } from '../compatibility/window.ts'
import { stuckAt } from '../history/operation.ts'
import type { EnvironmentRecord } from '../history/record.ts'
import { short } from '../ids.ts'
import { whyNotFast } from '../plan/way-back.ts'
import type { OpenMatter } from './report.ts'

/** What is not as it should be by what the journal says now. `today`: `2026-11-25`. */
export function openMatters(record: EnvironmentRecord, today: string): readonly OpenMatter[] {
  return [
    ...openOperation(record),
    ...closedToUsers(record),
    ...frozen(record),
    ...locked(record),
    ...schemaMatters(record, today),
    ...noFastWay(record),
    ...dataMatters(record),
  ]
}

export function overridesInForce(record: EnvironmentRecord, today: string): readonly OverrideRecord[] {
  return openOverrides(record, rollbackWindow(record), today)
}

function openOperation({ open }: EnvironmentRecord): readonly OpenMatter[] {
  if (open === null) return []
  const { kind, operation } = open.plan
  const stuck = stuckAt(open)
  if (stuck !== null)
    return [
      {
        what: 'stuck',
        text: `${kind} ${operation} is stuck at ${stuck.step}: ${stuck.error.message}`,
        since: open.startedAt,
        next: [...stuck.manual, 'backflip resume'].join('; '),
      },
    ]
  return [
    {
      what: 'operation',
      text: `${kind} ${operation} has not ended`,
      since: open.startedAt,
      next: 'backflip status, then backflip resume or backflip abort',
    },
  ]
}

function closedToUsers({ maintenance }: EnvironmentRecord): readonly OpenMatter[] {
  if (maintenance === null) return []
  return [
    {
      what: 'maintenance',
      text: 'users see the maintenance page',
      since: maintenance.since,
      next: 'backflip resume, or backflip abort',
    },
  ]
}

function frozen({ freeze }: EnvironmentRecord): readonly OpenMatter[] {
  if (freeze === null) return []
  const text = `deploys are frozen by ${freeze.actor}: ${freeze.reason}`
  return [{ what: 'freeze', text, since: freeze.at, next: 'backflip unfreeze --reason TEXT' }]
}

function locked({ lease }: EnvironmentRecord): readonly OpenMatter[] {
  if (lease?.kind !== 'person') return []
  const text = `locked by ${lease.holder.actor}: ${lease.message}`
  return [{ what: 'lock', text, since: lease.takenAt, next: 'backflip lock release' }]
}

function schemaMatters(record: EnvironmentRecord, today: string): readonly OpenMatter[] {
  const { next } = record.schema
  return [
    ...(next === null || next.sha === null
      ? []
      : [
          {
            what: 'migration' as const,
            text: `the migrations of ${short(next.sha)} did not end well: the schema may be before or after them`,
            since: next.at,
            next: `look into the database, then: backflip deploy ${next.sha}`,
          },
        ]),
    ...overridesInForce(record, today).map(({ rules, migrations, expires, at }) => ({
      what: 'override' as const,
      text: `the override of ${rules.join(', ')} for ${migrations.join(', ')} is not contracted${expires === null ? '' : `, and expires on ${expires}`}`,
      since: at,
      next: 'deploy until no release of the rollback window needs the old shape; or backflip sql FILE --inverse-of MIGRATION',
    })),
    ...record.approvals
      .filter(({ approvedBy }) => approvedBy === null)
      .map(({ key, askedBy, askedAt, kind, target }) => ({
        what: 'approval' as const,
        text: `${askedBy} waits for a second person to agree to the override of the ${kind} of ${short(target)}`,
        since: askedAt,
        next: `backflip approve ${key.slice(0, 12)}`,
      })),
  ]
}

/** Why nobody can flip back by what the journal knows: also a release that runs may not work on today's schema. Null when one can. */
export function whyNoFastWay(record: EnvironmentRecord): string | null {
  const why = whyNotFast(record)
  if (why !== null || record.live === null) return why
  const { sha } = record.colors[otherColor(record.live.color)]
  return sha === null ? null : whyIncompatible(record, sha)
}

function noFastWay(record: EnvironmentRecord): readonly OpenMatter[] {
  const why = record.live === null ? null : whyNoFastWay(record)
  if (why === null) return []
  return [{ what: 'way-back', text: `no fast way back: ${why}`, since: null, next: 'backflip status' }]
}

function dataMatters({ snapshots, replaced }: EnvironmentRecord): readonly OpenMatter[] {
  const newest = snapshots.at(-1)
  return [
    ...(newest === undefined || newest.verified === 'verified'
      ? []
      : [
          {
            what: 'snapshot' as const,
            text: `the newest snapshot, ${newest.snapshot} of ${newest.service}, ${newest.verified === 'failed' ? 'is not whole' : 'is not proved yet'}`,
            since: newest.takenAt,
            next: `backflip snapshots verify ${newest.snapshot}`,
          },
        ]),
    ...replaced.map(({ service, keptAs, at, operation }) => ({
      what: 'kept-data' as const,
      text: `what a restore replaced in ${service} is kept as ${keptAs}`,
      since: at,
      next: `backflip restore --undo ${operation} --reason TEXT; when nobody needs it: backflip snapshots prune`,
    })),
  ]
}
