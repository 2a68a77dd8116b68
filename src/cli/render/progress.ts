import type { Entry } from '../../domain/journal.ts'
import { phaseLetter } from '../../domain/phase.ts'
import type { Plan, PlannedStep } from '../../domain/plan/plan.ts'
import { formatDuration } from '../../lib/duration.ts'
import type { Paint } from './style.ts'

/** What an entry says in the live view; null when it says nothing there. Shared by terminal and plain lines. */
export function lineOf({ fact }: Pick<Entry, 'fact'>, plan: Plan, paint: Paint): string | null {
  switch (fact.kind) {
    case 'step-succeeded':
      return `${paint('good', '✓')} ${titled(plan, fact.step)}  ${paint('dim', fact.found ? 'was done already' : formatDuration(fact.tookMs))}${remark(fact.output, paint)}`
    case 'step-failed':
      return `${paint('bad', '✗')} ${titled(plan, fact.step)}  ${fact.error.message}`
    case 'unwinding':
      return paint('warn', `↩ going back: ${fact.because.message}`)
    case 'undo-finished':
      return fact.kept === null
        ? `${paint('warn', '↩')} undone: ${titled(plan, fact.step)}  ${paint('dim', formatDuration(fact.tookMs))}`
        : keptLine(fact.kept, plan, fact.step, paint)
    case 'undo-failed':
      return `${paint('bad', '✗')} could not be undone: ${titled(plan, fact.step)}  ${fact.error.message}`
    case 'hook-failed':
      return `${paint('warn', '!')} hook ${fact.hook}: ${fact.error.message}`
    case 'operation-resumed':
      return paint('warn', `taken up again by ${fact.by.actor}`)
    default:
      return null
  }
}

function keptLine(kept: string, plan: Plan, step: string, paint: Paint): string | null {
  return kept === 'kept for forensics' ? paint('dim', `  kept for forensics: ${titled(plan, step)}`) : null
}

export function titled(plan: Plan, id: string): string {
  const step = plan.steps.find((one) => one.id === id)
  return step === undefined ? id : titleOf(step)
}

export function titleOf({ phase, title }: PlannedStep): string {
  return `${phaseLetter(phase)} ${title}`
}

/** What a step found that people should know: too little traffic, sessions that stay, rotated secrets. */
function remark(output: unknown, paint: Paint): string {
  if (typeof output !== 'object' || output === null) return ''
  const { verdict, remaining, closed, rotated } = output as {
    verdict?: string
    remaining?: number | null
    closed?: boolean
    rotated?: readonly string[]
  }
  const parts = [
    ...(verdict === undefined ? [] : [verdict]),
    ...(typeof remaining === 'number' && remaining > 0
      ? [`${remaining} sessions ${closed === true ? 'closed' : 'stay on it'}`]
      : []),
    ...(remaining === null ? ['what is left on it could not be seen'] : []),
    ...(rotated === undefined || rotated.length === 0 ? [] : [`rotated since: ${rotated.join(', ')}`]),
  ]
  return parts.length === 0 ? '' : `  ${paint('warn', parts.join('; '))}`
}
