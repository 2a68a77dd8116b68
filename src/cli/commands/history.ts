import { defineCommand } from '../define-command.ts'

const DEFAULT_LINES = 20

export const history = defineCommand({
  name: 'history',
  summary: 'What happened here, newest first',
  options: [
    { flags: '--limit <lines>', description: 'how many lines; default 20' },
    { flags: '--before <seq>', description: 'the page before: the number of the last line shown' },
    { flags: '--operation <id>', description: 'every entry of one operation' },
    { flags: '--verify', description: 'walk the whole chain and compare it with its anchor at the edge' },
  ],
  examples: ['backflip history', 'backflip history --verify'],
  async run({ io, options, environment: open }) {
    const [
      { history: page, operationDetail },
      { renderHistory, renderEntries, renderVerdict },
      { painter },
      { parseCount },
    ] = await Promise.all([
      import('../../operations/history.ts'),
      import('../render/history.ts'),
      import('../render/style.ts'),
      import('../parse-count.ts'),
    ])
    const { limit, before, operation, verify } = options as {
      readonly limit?: string
      readonly before?: string
      readonly operation?: string
      readonly verify?: boolean
    }
    const print = (value: unknown, lines: readonly string[]) =>
      io.out(options.json === true ? `${JSON.stringify(value)}\n` : `${lines.join('\n')}\n`)
    const paint = painter(io.useColor)
    const limitLines = limit === undefined ? DEFAULT_LINES : parseCount(limit, '--limit', 5_000)
    const beforeSeq = before === undefined ? undefined : parseCount(before, '--before', Number.MAX_SAFE_INTEGER)
    const environment = await open()
    if (verify === true) {
      const { verifyHistory } = await import('../../operations/verify-history.ts')
      const { look } = await import('../../operations/look-anchor.ts')
      const verdict = await verifyHistory({ journal: environment.journal, anchor: await look(environment) })
      print(verdict, renderVerdict(verdict, paint))
      return verdict.ok ? 0 : 6
    }
    if (operation !== undefined) {
      const { parseOperationId } = await import('../../domain/ids.ts')
      const detail = await operationDetail(environment.journal, parseOperationId(operation, '--operation'))
      print(detail, renderEntries(detail.entries))
      return 0
    }
    const lines = await page(environment.journal, {
      limit: limitLines,
      ...(beforeSeq === undefined ? {} : { before: beforeSeq }),
    })
    print(lines, renderHistory(lines, paint))
    return 0
  },
})
