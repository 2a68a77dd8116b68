import { refusal } from '../../domain/errors.ts'
import type { EnvironmentRecord } from '../../domain/history/record.ts'
import type { OperationId } from '../../domain/ids.ts'
import { foldIncident } from '../../domain/incident/fold-incident.ts'
import type { IncidentOperation, IncidentReport } from '../../domain/incident/report.ts'
import { tellOperation } from '../../domain/incident/tell-operation.ts'
import type { Journal } from '../../ports/journal.ts'
import type { Environment } from '../environment.ts'
import { isUnseen, look } from '../look.ts'
import { loadRecord } from '../record.ts'
import { anchored } from '../same-past.ts'
import { type Chosen, chooseWindow, type IncidentAsk, type IncidentWindow } from './choose-window.ts'
import { findChanges } from './find-changes.ts'
import { findNotes } from './find-notes.ts'
import type { OpenOperation } from './read-heads.ts'

/** Operations that are told, before the one that the report is about and after it. */
const MAX_EACH_SIDE = 50
const MAX_ENTRIES = 10_000

export interface IncidentLook {
  /** Null: there is nothing to report. */
  readonly incident: IncidentReport | null
  readonly looked: Chosen['looked']
}

/** A draft of the report, from the journal and one bounded look at its anchor. Changes nothing; works whatever state the environment is in. */
export async function reportIncident(environment: Environment, ask: IncidentAsk): Promise<IncidentLook> {
  const { journal, clock, config, settings } = environment
  const record = await loadRecord(journal)
  const { window, looked } = await chooseWindow(journal, ask, await openOperation(environment, record))
  if (window === null) return { incident: null, looked }
  const { ids, isWhole } = await operationsIn(journal, window)
  const operations = await tell(journal, ids)
  const [begun] = operations
  if (begun === undefined)
    throw refusal('no operation is left of it', { code: 'no-such-operation', hint: 'backflip history' })
  const madeAt = clock.now()
  const incident = foldIncident({
    app: config.app,
    environment: settings.name,
    madeAt,
    about: window.about.operation,
    covers: {
      since: ask.sinceMs === null ? begun.startedAt : earlier(new Date(ask.sinceMs).toISOString(), begun.startedAt),
      until: ask.untilMs === null ? madeAt : new Date(ask.untilMs).toISOString(),
      firstSeq: window.firstSeq,
      lastSeq: window.lastSeq,
      isWhole,
    },
    journal: {
      id: await journal.id(),
      entries: record.seq,
      hash: record.hash,
      anchor: await anchorOf(environment),
    },
    operations,
    changes: await findChanges(environment, operations),
    ...(await findNotes(journal, window, operations)),
    record,
    apartMs: (from, to) => Math.max(0, Date.parse(to) - Date.parse(from)),
  })
  return { incident, looked }
}

function earlier(a: string, b: string): string {
  return a < b ? a : b
}

async function openOperation(
  { liveness }: Environment,
  { open, lease }: EnvironmentRecord,
): Promise<OpenOperation | null> {
  if (open === null) return null
  const isAbandoned = lease === null || (await liveness.check(lease.holder)) === 'dead'
  return { state: open, isAbandoned }
}

/** Oldest first. Of many those around what the report is about, and where it began. */
async function operationsIn(
  journal: Journal,
  { led, about, lastSeq }: IncidentWindow,
): Promise<{ readonly ids: readonly OperationId[]; readonly isWhole: boolean }> {
  const before = led.length <= MAX_EACH_SIDE ? led : [...led.slice(0, 1), ...led.slice(1 - MAX_EACH_SIDE)]
  const started = await journal.read({
    after: about.seq,
    before: lastSeq + 1,
    limit: MAX_EACH_SIDE + 1,
    kinds: ['operation-started'],
  })
  const after = started.slice(0, MAX_EACH_SIDE).flatMap(({ operation }) => operation ?? [])
  return {
    ids: [...before.map(({ operation }) => operation), ...after],
    isWhole: before === led && started.length <= MAX_EACH_SIDE,
  }
}

/** One after the other: only what a report says of an operation stays in memory. */
async function tell(journal: Journal, ids: readonly OperationId[]): Promise<readonly IncidentOperation[]> {
  const told: IncidentOperation[] = []
  for (const operation of ids) {
    const one = tellOperation(await journal.read({ operation, limit: MAX_ENTRIES }))
    if (one !== null) told.push(one)
  }
  return told
}

/** The edge may be down, or hang: then nothing is said of the anchor, and the rest is told. */
async function anchorOf(environment: Environment): Promise<IncidentReport['journal']['anchor']> {
  const seen = await look(environment, environment.edge.read())
  if (isUnseen(seen)) return 'not-seen'
  const { anchor } = seen
  if (anchor === null) return 'none'
  if (anchor.journal !== (await environment.journal.id())) return 'foreign'
  const entry = await anchored(environment.journal, anchor)
  return entry === 'missing' ? 'cut' : entry
}
