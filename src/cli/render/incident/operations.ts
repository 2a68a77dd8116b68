import { nameOf } from '../../../domain/incident/moments.ts'
import type { IncidentOperation, IncidentReport } from '../../../domain/incident/report.ts'
import { PHASES, phaseLetter } from '../../../domain/phase.ts'
import { formatDuration } from '../../../lib/duration.ts'
import { lasted, said, table, time } from './text.ts'

const MAX_MOMENTS = 400
const MAX_DETAILS = 6

export function timelineSection({ timeline }: IncidentReport): readonly string[] {
  const shown = timeline.slice(0, MAX_MOMENTS)
  const rows = shown.map(({ at, actor, text, tookMs }) => [time(at), said(actor), said(text), lasted(tookMs)])
  return [
    ...table(['UTC', 'who', 'what', 'took'], rows),
    ...(timeline.length > MAX_MOMENTS ? ['', `${timeline.length - MAX_MOMENTS} more: \`backflip history\``] : []),
  ]
}

export function operationsSection({ operations }: IncidentReport): readonly string[] {
  return operations.flatMap((one, index) => [
    ...(index === 0 ? [] : ['']),
    `### ${index + 1}. ${nameOf(one)}`,
    ...operationLines(one),
  ])
}

function operationLines(one: IncidentOperation): readonly string[] {
  const { operation, actor, reason, outcome, tookMs, failedIn, error, stuck, seenMs } = one
  return [
    '',
    `- \`backflip history --operation ${operation}\`, by ${said(actor)}${reason === null ? ', no reason given' : `: ${said(reason)}`}`,
    `- ${outcome}${tookMs === null ? '' : ` after ${formatDuration(tookMs)}`}${failedIn === null ? '' : `, failed in phase ${phaseLetter(failedIn)}`}${seenMs === null ? '' : `; users saw it for ${formatDuration(seenMs)}`}`,
    ...(phases(one) === '' ? [] : [`- phases: ${phases(one)}`]),
    ...(error === null ? [] : [`- error \`${said(error.code)}\`: ${said(error.message)}`]),
    ...(error?.details ?? []).slice(0, MAX_DETAILS).map((detail) => `  - ${said(detail)}`),
    ...(error?.causes ?? []).slice(0, MAX_DETAILS).map((cause) => `  - because: ${said(cause)}`),
    ...(stuck === null ? [] : [`- stuck at ${said(stuck.step)}: ${said(stuck.error.message)}`]),
  ]
}

function phases({ phasesMs }: IncidentOperation): string {
  return PHASES.flatMap((phase) =>
    phasesMs[phase] === undefined ? [] : [`${phaseLetter(phase)} ${formatDuration(phasesMs[phase])}`],
  ).join(' · ')
}

/** What was gone back to, which way, and what was known when that was chosen. */
export function waysBackSection({ operations }: IncidentReport): readonly string[] {
  const taken = operations.filter(
    ({ kind, outcome }) => kind === 'rollback' || kind === 'restore' || outcome === 'reverted',
  )
  if (taken.length === 0) return ['None.']
  return taken.flatMap((one) => [
    `- ${one.outcome === 'reverted' ? `${nameOf(one)}: its own revert, to ${one.from?.sha.slice(0, 12) ?? 'nothing'}` : nameOf(one)}, ${one.outcome}`,
    ...(one.reason === null ? [] : [`  - reason: ${said(one.reason)}`]),
    ...(one.outcome === 'reverted' ? [] : one.because.map((line) => `  - ${said(line)}`)),
    ...(one.consumes === null ? [] : [`  - closed for it: ${said(one.consumes)}`]),
  ])
}
