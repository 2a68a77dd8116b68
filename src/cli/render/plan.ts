import { type Phase, phaseLetter } from '../../domain/phase.ts'
import type { Plan } from '../../domain/plan/plan.ts'
import type { Paint } from './style.ts'

/** The plan for people: target, why, what it costs, and each step under its phase. */
export function renderPlan(plan: Plan, paint: Paint): readonly string[] {
  const lines = [paint('strong', headline(plan)), ...plan.because.map((why) => `  why        ${why}`)]
  if (plan.from !== null) lines.push(`  live now   ${plan.from.sha.slice(0, 12)} on ${plan.from.color}`)
  if (plan.consumes !== null) lines.push(`  ${paint('warn', 'consumes')}   ${plan.consumes}`)
  if (plan.override?.approvedBy != null) lines.push(`  approved   by ${plan.override.approvedBy}`)
  if (plan.reason !== null) lines.push(`  reason     ${plan.reason}`)
  let phase: Phase | null = null
  for (const step of plan.steps) {
    const letter = step.phase === phase ? ' ' : phaseLetter(step.phase)
    phase = step.phase
    lines.push(
      `  ${paint('strong', letter)} ${step.title}${step.pivot === true ? paint('warn', '   from here only forward') : ''}`,
    )
  }
  lines.push(paint('dim', `  plan ${plan.hash.slice(0, 16)}`))
  return lines
}

function headline({ kind, mode, target, app, environment }: Plan): string {
  const what = mode === null ? kind : `${mode} ${kind}`
  const to = target === null ? '' : ` to ${target.sha.slice(0, 12)} on ${target.color}`
  return `${what} of ${app}, ${environment}${to}`
}
