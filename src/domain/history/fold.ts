import type { Sha } from '../ids.ts'
import type { Effect, Entry, Found, FoundRelease } from '../journal.ts'
import { foldDataEffect, foldVerified } from './fold-data.ts'
import {
  approved,
  askedForApproval,
  consumed,
  foldSchemaEffect,
  schemaAfter,
  unknownSchema,
  withOverride,
} from './fold-schema.ts'
import { foldOperation, type OperationState } from './operation.ts'
import type { ColorRecord, EnvironmentRecord, OperationSummary, ServedRecord } from './record.ts'

/** Bounds of the record: older ones are in the journal still, for `history`. */
const MAX_SERVED = 50
const MAX_BLOCKED = 50
const MAX_LEDGER = 100

/** One more entry. Pure: the same entries give the same record, from any checkpoint. */
export function fold(record: EnvironmentRecord, entry: Entry): EnvironmentRecord {
  return { ...foldFact(record, entry), seq: entry.seq, hash: entry.hash }
}

function foldFact(record: EnvironmentRecord, entry: Entry): EnvironmentRecord {
  const { fact } = entry
  switch (fact.kind) {
    case 'journal-opened':
      return { ...record, journal: fact.journal }
    case 'journal-adopted':
      return fact.found === undefined ? record : adopted(record, fact.found, entry)
    case 'lease-taken':
      return { ...record, lease: fact.lease }
    case 'lease-released':
    case 'lease-broken':
      return record.lease?.token === fact.token ? { ...record, lease: null } : record
    case 'frozen':
      return {
        ...record,
        freeze: { reason: fact.reason, actor: entry.actor, at: entry.at, operation: entry.operation },
      }
    case 'unfrozen':
      return { ...record, freeze: null }
    case 'marked-good':
      return {
        ...record,
        served: record.served.map((one) => (one.sha === fact.sha ? { ...one, fate: 'good' } : one)),
        blocked: record.blocked.filter((one) => one.sha !== fact.sha),
      }
    case 'data-removed':
      return foldDataEffect(record, fact.effect, entry)
    case 'snapshot-verified':
      return foldVerified(record, fact, entry.at)
    case 'override-asked':
      return askedForApproval(record, fact.request, entry)
    case 'override-approved':
      return approved(record, fact.key, entry)
    case 'operation-started':
      return { ...consumed(record, fact.plan), open: foldOperation(null, entry) }
    case 'step-succeeded':
      return fact.effects.reduce(
        (before, effect) => foldEffect(before, effect, entry, false),
        withOperation(record, entry),
      )
    case 'undo-finished':
      return fact.effects.reduce(
        (before, effect) => foldEffect(before, effect, entry, true),
        withOperation(record, entry),
      )
    case 'operation-finished':
      return foldFinished(withOperation(record, entry), entry)
    default:
      return withOperation(record, entry)
  }
}

/** Nothing is known of how good it is: it has served from now on, and whoever knows better marks it good. What was open here is not what happened. */
function adopted(record: EnvironmentRecord, { live, colors }: Found, { at }: Entry): EnvironmentRecord {
  const color = (found: FoundRelease | null): ColorRecord =>
    found === null
      ? { is: 'empty', sha: null, operation: null, since: at }
      : { is: 'started', sha: found.sha, operation: found.operation, since: at }
  const held = colors[live]
  if (held === null) return record
  const served: ServedRecord = { ...held, color: live, at, fate: 'unproven' }
  return {
    ...record,
    open: null,
    maintenance: null,
    schema: unknownSchema(at),
    live: { ...held, color: live, since: at },
    colors: { blue: color(colors.blue), green: color(colors.green) },
    served: [...record.served, served].slice(-MAX_SERVED),
  }
}

function withOperation(record: EnvironmentRecord, entry: Entry): EnvironmentRecord {
  if (record.open === null || entry.operation !== record.open.plan.operation) return record
  return { ...record, open: foldOperation(record.open, entry) }
}

function foldEffect(record: EnvironmentRecord, effect: Effect, entry: Entry, undoing: boolean): EnvironmentRecord {
  const { at, operation } = entry
  switch (effect.effect) {
    case 'color-emptied':
      return withColor(record, effect.color, { is: 'empty', sha: null, operation, since: at })
    case 'color-launching':
      return withColor(record, effect.color, { is: 'launching', sha: effect.sha, operation, since: at })
    case 'color-stopped':
      return withColor(record, effect.color, { ...record.colors[effect.color], is: 'stopped', since: at })
    case 'color-started':
      return {
        ...withColor(record, effect.color, { is: 'started', sha: effect.sha, operation, since: at }),
        ledger: withLedger(record, effect),
      }
    case 'live':
      return undoing ? trafficTakenBack(record, effect, entry) : trafficMoved(record, effect, entry)
    case 'migrations-judged':
    case 'migrated':
    case 'sql-run':
      return foldSchemaEffect(record, effect, entry)
    case 'data-replaced':
    case 'data-put-back':
      return { ...foldDataEffect(record, effect, entry), schema: unknownSchema(at) }
    default:
      return foldDataEffect(record, effect, entry)
  }
}

function withColor(
  record: EnvironmentRecord,
  color: 'blue' | 'green',
  state: EnvironmentRecord['colors']['blue'],
): EnvironmentRecord {
  return { ...record, colors: { ...record.colors, [color]: state } }
}

function withLedger(
  record: EnvironmentRecord,
  effect: Extract<Effect, { effect: 'color-started' }>,
): EnvironmentRecord['ledger'] {
  const { sha, manifestSha256, environment, fingerprints } = effect
  const known = record.ledger.find((one) => one.sha === sha)
  // The digest is the one of the first deploy, for ever; the environment is the one of the latest launch.
  const line = { sha, manifestSha256: known?.manifestSha256 ?? manifestSha256, environment, fingerprints }
  return [...record.ledger.filter((one) => one.sha !== sha), line].slice(-MAX_LEDGER)
}

type LiveEffect = Extract<Effect, { effect: 'live' }>

function trafficMoved(record: EnvironmentRecord, { color, sha }: LiveEffect, entry: Entry): EnvironmentRecord {
  const operation = entry.operation
  if (color === null || sha === null || operation === null) return { ...record, live: null }
  const served: ServedRecord = { sha, color, at: entry.at, operation, fate: 'unproven' }
  return {
    ...record,
    live: { color, sha, since: entry.at, operation },
    served: [...record.served, served].slice(-MAX_SERVED),
  }
}

function trafficTakenBack(record: EnvironmentRecord, { color, sha }: LiveEffect, entry: Entry): EnvironmentRecord {
  const target = record.open?.plan.target?.sha
  const served = target === undefined ? record.served : withFate(record.served, target, 'reverted', entry)
  if (color === null || sha === null) return { ...record, live: null, served }
  const before = served.findLast((one) => one.sha === sha && one.color === color)
  const operation = before?.operation ?? entry.operation
  if (operation === null) return { ...record, served }
  return { ...record, live: { color, sha, since: before?.at ?? entry.at, operation }, served }
}

/** Marks every time the release served: what was good once and is bad now is not gone back to. */
function withFate(
  served: readonly ServedRecord[],
  sha: Sha,
  fate: ServedRecord['fate'],
  entry: Entry,
): readonly ServedRecord[] {
  return served.some((one) => one.sha === sha && one.operation === entry.operation)
    ? served.map((one) => (one.sha === sha ? { ...one, fate } : one))
    : served
}

function foldFinished(record: EnvironmentRecord, entry: Entry): EnvironmentRecord {
  const operation = record.open
  if (operation === null || operation.finished === null) return record
  const { plan, finished } = operation
  const closed = { ...record, open: null, last: summarize(operation), schema: schemaAfter(record.schema, operation) }
  switch (finished.outcome) {
    case 'done':
      return settledWell(closed, operation, entry)
    case 'unsettled': {
      const after = plan.target === null ? closed : afterTrafficStayed(closed, operation, entry, 'unproven')
      return plan.kind === 'restore' ? frozenBy(after, operation, entry) : after
    }
    case 'reverted':
      return plan.target === null
        ? closed
        : block(closed, plan.target.sha, entry, finished.error?.message ?? 'reverted')
    default:
      return closed
  }
}

function settledWell(record: EnvironmentRecord, operation: OperationState, entry: Entry): EnvironmentRecord {
  const { plan } = operation
  const after = plan.target === null ? record : afterTrafficStayed(record, operation, entry, 'good')
  return plan.kind === 'restore' ? frozenBy(after, operation, entry) : after
}

/** A restore goes back as a rollback does: nothing newer is deployed, and migrated, over it by itself. */
function frozenBy(record: EnvironmentRecord, { plan }: OperationState, { actor, at }: Entry): EnvironmentRecord {
  const reason = plan.reason ?? 'data was restored'
  return { ...record, freeze: { reason, actor, at, operation: plan.operation } }
}

function afterTrafficStayed(
  record: EnvironmentRecord,
  { plan }: OperationState,
  entry: Entry,
  fate: 'good' | 'unproven',
): EnvironmentRecord {
  const sha = plan.target?.sha
  const left = plan.kind === 'rollback' || plan.kind === 'restore' ? plan.from?.sha : undefined
  const served = record.served.map((one): ServedRecord => {
    if (one.operation === plan.operation) return { ...one, fate }
    if (one.sha === left) return { ...one, fate: 'rolled-away' }
    // Proved again here: an older "reverted" or "rolled away" of the same release no longer counts.
    return fate === 'good' && one.sha === sha ? { ...one, fate: 'good' } : one
  })
  const blocked = fate === 'good' ? record.blocked.filter((one) => one.sha !== sha) : record.blocked
  if (plan.kind !== 'rollback') return { ...record, served, blocked }
  const reason = plan.reason ?? `rolled back from ${plan.from?.sha ?? 'an unknown release'}`
  return {
    ...withOverride(record, plan, entry),
    served,
    blocked,
    freeze: { reason, actor: entry.actor, at: entry.at, operation: plan.operation },
  }
}

function block(record: EnvironmentRecord, sha: Sha, entry: Entry, why: string): EnvironmentRecord {
  if (entry.operation === null) return record
  const line = { sha, operation: entry.operation, at: entry.at, why }
  return { ...record, blocked: [...record.blocked.filter((one) => one.sha !== sha), line].slice(-MAX_BLOCKED) }
}

export function summarize(operation: OperationState): OperationSummary | null {
  const { plan, finished } = operation
  if (finished === null) return null
  return {
    operation: plan.operation,
    kind: plan.kind,
    mode: plan.mode,
    sha: plan.target?.sha ?? null,
    actor: operation.actor,
    startedAt: operation.startedAt,
    finishedAt: finished.at,
    outcome: finished.outcome,
    phase: operation.unwinding?.phase ?? null,
  }
}
