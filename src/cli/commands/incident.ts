import { counted } from '../../lib/counted.ts'
import { type CommandInput, defineCommand } from '../define-command.ts'

export const incident = defineCommand({
  name: 'incident',
  summary:
    'A draft of the incident report, from the journal: of the last time that something failed or was gone back from',
  arguments: ['[operation-or-sha]'],
  options: [
    {
      flags: '--since <time>',
      description: 'begin there, as 2026-11-25T03:10Z or 6h (ago); default: where the incident began',
    },
    { flags: '--until <time>', description: 'end there; default: now' },
    { flags: '--output <file>', description: 'write it into a new file' },
  ],
  examples: [
    'backflip incident',
    'backflip incident --since 6h --output incident.md',
    'backflip incident 01928c1e-… --json',
  ],
  async run(input) {
    const { io, options, environment: open } = input
    const [{ reportIncident }, { renderIncident }] = await Promise.all([
      import('../../operations/incident/report-incident.ts'),
      import('../render/incident/markdown.ts'),
    ])
    const environment = await open()
    const { incident: report, looked } = await reportIncident(environment, await askOf(input, environment.clock.now()))
    const { output } = options as { readonly output?: string }
    const text = report === null ? null : renderIncident(report)
    const written = text === null || output === undefined ? null : await write(input, output, text)
    if (options.json === true) io.out(`${JSON.stringify({ incident: report, looked })}\n`)
    else if (text === null) io.out(`${nothing(looked)}\n`)
    else if (written === null) io.out(text)
    else io.out(`wrote ${written}\n`)
    return 0
  },
})

async function askOf({ args, options }: CommandInput, now: string) {
  const [{ isSha, parseOperationId, parseSha }, { parseTime }] = await Promise.all([
    import('../../domain/ids.ts'),
    import('../parse-time.ts'),
  ])
  const { since, until } = options as { readonly since?: string; readonly until?: string }
  const nowMs = Date.parse(now)
  const [named] = args
  // A mistake in what looks like a release is told as one.
  const looksLikeSha = named !== undefined && (isSha(named) || !named.includes('-'))
  return {
    sha: named !== undefined && looksLikeSha ? parseSha(named, 'OPERATION-OR-SHA') : null,
    operation: named !== undefined && !looksLikeSha ? parseOperationId(named, 'OPERATION-OR-SHA') : null,
    sinceMs: since === undefined ? null : parseTime(since, '--since', nowMs),
    untilMs: until === undefined ? null : parseTime(until, '--until', nowMs),
  }
}

function nothing({ operations, since }: { readonly operations: number; readonly since: string | null }): string {
  if (since === null) return 'nothing to report: no operation ran here yet, or none in this time'
  return `nothing to report: of ${counted(operations, 'operation')} since ${since} none failed, and nobody went back`
}

/** Never over a file that is there: somebody may have gone on with it. Error `file-taken`. */
async function write({ io }: CommandInput, name: string, text: string): Promise<string> {
  const [{ resolve }, { writeFile }, { refusal }] = await Promise.all([
    import('node:path'),
    import('node:fs/promises'),
    import('../../domain/errors.ts'),
  ])
  const file = resolve(io.cwd, name)
  try {
    await writeFile(file, text, { flag: 'wx', mode: 0o600 })
    return file
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST')
      throw refusal(`${file} is there already`, { code: 'file-taken', hint: 'the same command with another --output' })
    throw refusal(`${file} cannot be written`, { code: 'file-not-written', hint: 'another --output', cause: error })
  }
}
