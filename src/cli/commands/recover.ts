import type { CommandInput } from '../define-command.ts'
import { defineCommand } from '../define-command.ts'

export const resume = defineCommand({
  name: 'resume',
  summary: 'Take up the operation that was begun and not finished',
  examples: ['backflip resume'],
  run: (input) => takeUp(input, 'resume'),
})

export const abort = defineCommand({
  name: 'abort',
  summary: 'End the open operation by going back; refused past its point of no return',
  examples: ['backflip abort'],
  run: (input) => takeUp(input, 'abort'),
})

async function takeUp(input: CommandInput, verb: 'resume' | 'abort'): Promise<number> {
  const [recover, { loadRecord }, { refusal }, { runShown }] = await Promise.all([
    import('../../operations/recover.ts'),
    import('../../operations/record.ts'),
    import('../../domain/errors.ts'),
    import('../operate.ts'),
  ])
  const environment = await input.environment()
  const { open } = await loadRecord(environment.journal)
  if (open === null)
    throw refusal(`no operation is unfinished: nothing to ${verb}`, { code: 'nothing-open', hint: 'backflip status' })
  return runShown(input, open.plan, (options) => recover[verb](environment, options))
}
