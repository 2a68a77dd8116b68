import { defineCommand } from '../define-command.ts'

export const releases = defineCommand({
  name: 'releases list',
  summary: 'What can be deployed and gone back to, newest first',
  async run({ io, options, environment: open }) {
    const [operations, { painter }] = await Promise.all([
      import('../../operations/releases.ts'),
      import('../render/style.ts'),
    ])
    const report = await operations.releases(await open())
    const paint = painter(io.useColor)
    const lines = report.lines.map(({ sha, publishedAt, cached, roles, expires }) =>
      [
        sha,
        publishedAt ?? 'not in the registry     ',
        cached ? 'cached' : '      ',
        roles.join(', '),
        expires ? paint('warn', 'expires next') : '',
      ]
        .join('  ')
        .trimEnd(),
    )
    const text = [
      ...(lines.length === 0 ? ['nothing is published yet'] : lines),
      ...report.warnings.map((warning) => paint('warn', `! ${warning}`)),
    ]
    io.out(options.json === true ? `${JSON.stringify(report)}\n` : `${text.join('\n')}\n`)
    return 0
  },
})

export const releasesPrune = defineCommand({
  name: 'releases prune',
  summary: 'Remove the releases beyond `retain`; never one that a way back needs',
  async run({ io, options, environment: open }) {
    const { pruneReleases } = await import('../../operations/releases.ts')
    const removed = await pruneReleases(await open())
    io.out(options.json === true ? `${JSON.stringify({ removed })}\n` : `removed ${removed.length} releases\n`)
    return 0
  },
})

export const releasesMarkGood = defineCommand({
  name: 'releases mark-good',
  summary: 'Say that a release which served here is good after all',
  arguments: ['<sha>'],
  options: [{ flags: '--reason <text>', description: 'kept in the history' }],
  async run(input) {
    const [{ parseSha }, { markGood }, { requireReason }, { runOptions }] = await Promise.all([
      import('../../domain/ids.ts'),
      import('../../operations/mark-good.ts'),
      import('../require-reason.ts'),
      import('../operate.ts'),
    ])
    const sha = parseSha(input.args[0] ?? '')
    const reason = requireReason(input.options, `backflip releases mark-good ${sha} --reason TEXT`)
    await markGood(await input.environment(), sha, reason, await runOptions(input))
    input.io.out(input.options.json === true ? `${JSON.stringify({ good: sha })}\n` : `${sha} counts as good\n`)
    return 0
  },
})
