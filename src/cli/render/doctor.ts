import type { Examination, RepairReport } from '../../operations/doctor.ts'
import type { Drift } from '../../operations/drift.ts'
import type { Found, Unanswered } from '../../operations/find-shortcomings.ts'
import type { Paint } from './style.ts'

/** Advice leaves it healthy; what nobody could see does not. */
export function isHealthy({ drift, shortcomings, unanswered }: Examination): boolean {
  return drift.length === 0 && unanswered.length === 0 && shortcomings.every(({ isAdvice }) => isAdvice === true)
}

export function renderExamination({ drift, shortcomings, unanswered }: Examination, paint: Paint): readonly string[] {
  const lines = [
    ...renderDrift(drift, paint),
    ...unanswered.map((one) => renderUnanswered(one, paint)),
    ...shortcomings.map((one) => renderShortcoming(one, paint)),
  ]
  const agrees = drift.length === 0 && unanswered.length === 0
  return agrees ? [allAgree(paint), ...lines] : lines
}

export function renderRepair({ drift, repaired }: RepairReport, paint: Paint): readonly string[] {
  return [
    ...repaired.map(({ message }) => `${paint('good', '✓')} mended: ${message}`),
    ...renderDrift(drift, paint),
    ...(drift.length === 0 ? [allAgree(paint)] : []),
  ]
}

function renderDrift(drift: readonly Drift[], paint: Paint): readonly string[] {
  return drift.map(({ message, repair, next }) =>
    withNext(
      paint('bad', '✗'),
      message,
      repair === 'safe' ? 'backflip doctor --repair' : (next ?? 'for a person to decide'),
    ),
  )
}

function renderShortcoming({ where, message, hint, isAdvice }: Found, paint: Paint): string {
  return withNext(isAdvice === true ? paint('warn', '!') : paint('bad', '✗'), `${where}: ${message}`, hint)
}

function renderUnanswered({ where, error }: Unanswered, paint: Paint): string {
  const what = [`${where} could not be seen: ${error.message}`, ...(error.details ?? [])].join('; ')
  return withNext(paint('bad', '?'), what, error.hint ?? 'backflip status')
}

function withNext(mark: string, what: string, next: string): string {
  return `${mark} ${what}   ${next}`
}

function allAgree(paint: Paint): string {
  return `${paint('good', '✓')} journal, edge and instances agree`
}
