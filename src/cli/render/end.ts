import { type OperationState, stepState } from '../../domain/history/operation.ts'
import type { Outcome } from '../../domain/journal.ts'
import { PHASES, type Phase, phaseLetter } from '../../domain/phase.ts'
import type { OperationKind } from '../../domain/plan/plan.ts'
import type { OperationEnd } from '../../engine/run.ts'
import { formatDuration } from '../../lib/duration.ts'
import { dataObject, renderDone, whatChanged } from './data-end.ts'
import { renderErrorRecord } from './error.ts'
import { errorOf } from './next-command.ts'
import type { Paint } from './style.ts'

/** What was left counts as rolled away from: nothing goes there by itself, and a person who knows better says so first. */
function backToLeft(sha: string, arrow: string): readonly string[] {
  return [
    `  ${arrow} backflip releases mark-good ${sha} --reason TEXT`,
    `  ${arrow} backflip rollback ${sha}   (a flip, while ${sha.slice(0, 12)} still runs)`,
  ]
}

/** Users saw something, or were about to: while it is fresh. */
function toReport(arrow: string): string {
  return `  ${arrow} backflip incident   (a draft of the report, and what is left to do)`
}

/** What `--json` prints at the end of an operation. Consumers ignore fields they do not know. */
export function endObject(end: OperationEnd, exitCode: number): object {
  const { plan } = end.state
  return {
    operation: plan.operation,
    kind: plan.kind,
    mode: plan.mode,
    app: plan.app,
    environment: plan.environment,
    outcome: end.outcome,
    exitCode,
    target: plan.target,
    from: plan.from,
    seenMs: end.seenMs,
    phasesMs: phaseTimes(end.state),
    ...dataObject(end.state),
    error: errorOf(end),
  }
}

export function phaseTimes(state: OperationState): { readonly [phase in Phase]?: number } {
  const times: { [phase in Phase]?: number } = {}
  for (const { id, phase } of state.plan.steps) {
    const step = stepState(state, id)
    if (step.is === 'succeeded') times[phase] = (times[phase] ?? 0) + step.tookMs
  }
  return times
}

export function renderEnd(end: OperationEnd, exitCode: number, tookMs: number, paint: Paint): readonly string[] {
  if (end.outcome === 'done')
    return [
      `${paint('good', '✓')} ${paint('strong', sentence(end))} in ${formatDuration(tookMs)}   ${paint('dim', renderTimes(end.state))}`,
      ...renderDone(end.state, paint),
      ...next(end, paint),
    ]
  const error = errorOf(end) ?? { code: end.outcome, kind: 'failed' as const, message: end.outcome }
  return [...renderErrorRecord(error, exitCode, changed(end), paint), ...aftermath(end, paint)]
}

const DID: { readonly [kind in OperationKind]: string } = {
  deploy: 'deployed',
  rollback: 'rolled back to',
  cleanup: 'cleaned up',
  restore: 'restored',
  sql: 'ran the SQL',
}

function sentence({ state: { plan } }: OperationEnd): string {
  const did = plan.mode === 'undo' ? 'took the restore back' : DID[plan.kind]
  if (plan.target === null) return did
  return `${did}${plan.kind === 'restore' ? ', and serves' : ''} ${plan.target.sha.slice(0, 12)} on ${plan.target.color}`
}

/** What to do after it went well. */
function next({ state: { plan } }: OperationEnd, paint: Paint): readonly string[] {
  const arrow = paint('warn', '→')
  if (plan.kind === 'restore')
    return [
      `  what was live is kept; to take this back: backflip restore --undo ${plan.operation} --reason TEXT`,
      `  deploys are frozen   ${arrow} backflip unfreeze --reason TEXT`,
      toReport(arrow),
    ]
  if (plan.kind === 'rollback')
    return [`  deploys are frozen   ${arrow} backflip unfreeze --reason TEXT`, toReport(arrow)]
  if (plan.kind === 'sql')
    return [`  ${arrow} backflip rollback --mode full   (when an older release fits the schema now)`]
  return []
}

function renderTimes(state: OperationState): string {
  const times = phaseTimes(state)
  return PHASES.flatMap((phase) =>
    times[phase] === undefined ? [] : [`${phaseLetter(phase)} ${formatDuration(times[phase])}`],
  ).join(' · ')
}

function changed(end: OperationEnd): string {
  const { outcome, seenMs } = end
  const data = whatChanged(end)
  if (data !== null) return data
  const words: { readonly [outcome in Outcome]: string } = {
    done: 'done',
    failed: 'users saw nothing',
    aborted: 'undone, users saw nothing',
    reverted: `reverted, users saw it for ${formatDuration(seenMs ?? 0)}`,
    stuck: 'stuck: an undo failed, traffic is where it was',
    unsettled: 'traffic was switched and is not verified',
  }
  return words[outcome]
}

function aftermath({ outcome, state }: OperationEnd, paint: Paint): readonly string[] {
  const arrow = paint('warn', '→')
  const { plan } = state
  switch (outcome) {
    case 'reverted':
      return [
        `  ${plan.target?.sha.slice(0, 12) ?? ''} is blocked now; ${plan.target?.color ?? ''} is kept for a look at it (backflip logs COMPONENT --color ${plan.target?.color ?? 'COLOR'})`,
        toReport(arrow),
      ]
    case 'stuck': {
      const manual = plan.steps.flatMap(({ id }) => {
        const step = stepState(state, id)
        return step.is === 'undo-failed' ? step.manual : []
      })
      return [...manual.map((line) => `  ${arrow} ${line}`), `  ${arrow} backflip resume`]
    }
    case 'unsettled':
      if (plan.kind === 'restore')
        return [
          ...(state.finished === null
            ? [`  ${arrow} backflip resume   (users are half let in: this finishes it)`]
            : []),
          `  ${arrow} backflip status   (then decide: fix forward, or backflip restore --undo ${plan.operation} --reason TEXT)`,
          ...(state.finished === null ? [] : [toReport(arrow)]),
        ]
      return [
        `    left: ${plan.from?.sha.slice(0, 12) ?? 'nothing'} on ${plan.from?.color ?? 'no color'}   now: ${plan.target?.sha.slice(0, 12) ?? ''} on ${plan.target?.color ?? ''}`,
        ...(state.finished === null
          ? [`  ${arrow} backflip resume   (the switch itself is half done: this finishes it)`]
          : []),
        `  ${arrow} backflip status   (then decide: fix forward, or go back to what was left)`,
        ...(state.finished === null || plan.from === null ? [] : backToLeft(plan.from.sha, arrow)),
        ...(state.finished === null ? [] : [toReport(arrow)]),
      ]
    default:
      return []
  }
}
