import type { ApprovalRecord } from '../../domain/history/record.ts'
import { defineCommand } from '../define-command.ts'

export const approve = defineCommand({
  name: 'approve',
  summary: 'Agree, as a second person, to what somebody wants to override; without a key: what waits',
  arguments: ['[key]'],
  examples: ['backflip approve', 'backflip approve 3f9a1c0b7d22'],
  async run(input) {
    const { args, io, options } = input
    const [operations, { usageError }, { runOptions }] = await Promise.all([
      import('../../operations/approve.ts'),
      import('../../domain/errors.ts'),
      import('../operate.ts'),
    ])
    const environment = await input.environment()
    const open = await operations.openApprovals(environment)
    const [key] = args
    if (key === undefined) {
      const lines = open.length === 0 ? ['nothing waits for a second person'] : open.flatMap(shown)
      io.out(options.json === true ? `${JSON.stringify(open)}\n` : `${lines.join('\n')}\n`)
      return 0
    }
    const found = operations.findApproval(open, key, environment.actor)
    if (options.json !== true) io.err(`${shown(found).join('\n')}\n`)
    if (options.yes !== true) {
      const answer = await io.ask('Do you agree? [y/N] ')
      if (answer === null || !/^y(es)?$/i.test(answer.trim()))
        throw usageError('not confirmed', {
          code: 'not-confirmed',
          place: { flag: '--yes' },
          hint: 'the same command with --yes',
        })
    }
    await operations.approve(environment, found.key, await runOptions(input))
    io.out(
      options.json === true
        ? `${JSON.stringify({ approved: found.key })}\n`
        : `approved: ${found.askedBy} can go on with the same command\n`,
    )
    return 0
  },
})

function shown({ key, kind, target, override, askedBy, askedAt }: ApprovalRecord): readonly string[] {
  const { rules, migrations, releases, reason, inverse, expires } = override
  return [
    `${key.slice(0, 12)}  ${kind} of ${target}, asked for by ${askedBy} at ${askedAt}`,
    `  overrides  ${rules.join(', ')} in ${migrations.join(', ')}`,
    `  breaks     ${releases.join(', ')}`,
    `  reason     ${reason}`,
    inverse === null
      ? '  inverse    NONE: NO COMMAND BRINGS BACK WHAT IS TAKEN AWAY'
      : `  inverse    ${inverse.file}, verified${inverse.lost.length === 0 ? '' : `; THE SHAPE ONLY: ${inverse.lost.join('; ')}`}`,
    ...(expires === null ? [] : [`  expires    ${expires}`]),
  ]
}
