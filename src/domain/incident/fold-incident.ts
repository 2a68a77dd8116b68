import type { EnvironmentRecord } from '../history/record.ts'
import type { OperationId } from '../ids.ts'
import { checklist } from './checklist.ts'
import { type ApartMs, impactOf } from './impact.ts'
import { openMatters, overridesInForce } from './open-matters.ts'
import type { IncidentOperation, IncidentReport, Moment } from './report.ts'

export interface IncidentFacts
  extends Pick<IncidentReport, 'app' | 'environment' | 'madeAt' | 'covers' | 'journal' | 'changes'> {
  readonly about: OperationId
  /** Oldest first. */
  readonly operations: readonly IncidentOperation[]
  /** What people did beside operations, oldest first; `unfrozen`: which of them allowed deploys again. */
  readonly notes: readonly Moment[]
  readonly unfrozen: Moment | null
  /** The environment as its journal tells it now. */
  readonly record: EnvironmentRecord
  readonly apartMs: ApartMs
}

/** The report, from what the journal and the manifests of its releases say, and nothing else. */
export function foldIncident(facts: IncidentFacts): IncidentReport {
  const { app, environment, madeAt, about, covers, journal, operations, changes, notes, record, apartMs, unfrozen } =
    facts
  const today = madeAt.slice(0, 10)
  const impact = impactOf(operations, apartMs)
  const inForce = overridesInForce(record, today)
  const names = operations.flatMap(({ snapshots }) => snapshots.map(({ snapshot }) => snapshot))
  return {
    app,
    environment,
    madeAt,
    about,
    covers,
    journal,
    operations,
    changes,
    timeline: [...operations.flatMap(({ moments }) => moments), ...notes].toSorted((a, b) => a.seq - b.seq),
    impact,
    overrides: {
      used: operations.flatMap(({ operation, actor, override }) =>
        override === null ? [] : [{ ...override, operation, actor }],
      ),
      inForce,
      waiting: record.approvals.filter(({ approvedBy }) => approvedBy === null),
    },
    snapshots: record.snapshots.filter(({ snapshot }) => names.includes(snapshot)),
    open: openMatters(record, today),
    checklist: checklist({ record, about, operations, bad: impact.bad, inForce, unfrozen }),
  }
}
