import type { ApprovalRequest } from '../compatibility/override.ts'
import type { Effect, Entry } from '../journal.ts'
import type { Plan } from '../plan/plan.ts'
import type { OperationState } from './operation.ts'
import type { EnvironmentRecord, SchemaRecord, SchemaState } from './record.ts'

/** Bounds: older ones are in the journal still. */
const MAX_OVERRIDES = 50
const MAX_APPROVALS = 20
const MAX_INVERSES = 100

export type SchemaEffect = Extract<Effect, { effect: 'migrations-judged' | 'migrated' | 'sql-run' }>

/** What is known of the schema: which release migrated last, and who survives that. */
export function foldSchemaEffect(record: EnvironmentRecord, effect: SchemaEffect, entry: Entry): EnvironmentRecord {
  const { schema } = record
  const { at } = entry
  switch (effect.effect) {
    case 'migrations-judged': {
      const { sha, extra, inverses, verdicts } = effect
      return { ...record, schema: { ...schema, next: { sha, at, extra, inverses, verdicts } } }
    }
    case 'migrated': {
      const judged = schema.next?.sha === effect.sha ? { ...schema.next, at } : null
      // A release that says nothing of its migrations: what they are nobody knows.
      const now = judged ?? { sha: effect.sha, at, extra: [], inverses: [], verdicts: [] }
      const plan = record.open?.plan
      const changed = { ...record, schema: { now, next: null } }
      return plan === undefined ? changed : withOverride(changed, plan, entry)
    }
    case 'sql-run': {
      const { inverseOf, sha256 } = effect
      if (inverseOf === null || schema.now === null) return record
      const inverses = [...schema.now.inverses.filter((one) => one.of !== inverseOf), { of: inverseOf, sha256 }]
      // Judged again by whoever asks next.
      return {
        ...record,
        schema: { ...schema, now: { ...schema.now, inverses: inverses.slice(-MAX_INVERSES), verdicts: [] } },
      }
    }
  }
}

/** Data went back to another time, or another journal's word is taken: its migrations are not the ones that ran here. */
export function unknownSchema(at: string): SchemaRecord {
  const now: SchemaState = { sha: null, at, extra: [], inverses: [], verdicts: [] }
  return { now, next: null }
}

/** An operation that stopped in A has migrated nothing; one that stopped later may have. */
export function schemaAfter(schema: SchemaRecord, { unwinding, finished }: OperationState): SchemaRecord {
  const isUntouched = unwinding === null ? finished?.outcome === 'done' : unwinding.phase === 'prepare'
  return schema.next !== null && isUntouched ? { ...schema, next: null } : schema
}

/** From when it takes effect: a deploy's with its migration, a rollback's with its end. */
export function withOverride(record: EnvironmentRecord, { override }: Plan, entry: Entry): EnvironmentRecord {
  if (override === undefined) return record
  const line = { ...override, actor: entry.actor, at: entry.at }
  return { ...record, overrides: [...record.overrides, line].slice(-MAX_OVERRIDES) }
}

export function askedForApproval(
  record: EnvironmentRecord,
  request: ApprovalRequest,
  { actor, at }: Entry,
): EnvironmentRecord {
  const others = record.approvals.filter(({ key }) => key !== request.key)
  const line = { ...request, askedBy: actor, askedAt: at, approvedBy: null }
  return { ...record, approvals: [...others, line].slice(-MAX_APPROVALS) }
}

export function approved(record: EnvironmentRecord, key: string, { actor }: Entry): EnvironmentRecord {
  return {
    ...record,
    approvals: record.approvals.map((one) => (one.key === key ? { ...one, approvedBy: actor } : one)),
  }
}

/** An approval is for one operation. */
export function consumed(record: EnvironmentRecord, { override }: Plan): EnvironmentRecord {
  if (override === undefined) return record
  return { ...record, approvals: record.approvals.filter(({ key }) => key !== override.key) }
}
