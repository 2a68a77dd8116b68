import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { composeRecorder, composeStatistics } from '../compose.ts'
import { parseUsage, type ReleaseUsage } from '../domain/compatibility/usage.ts'
import { refusal, usageError } from '../domain/errors.ts'
import { parseDataServiceName, parseSha, quote, short } from '../domain/ids.ts'
import { writeFileAtomic } from '../lib/atomic-file.ts'
import { secretResolver } from '../lib/secrets.ts'
import { databaseOf } from '../operations/database-of.ts'
import type { Environment } from '../operations/environment.ts'
import { collectUsage, type UsageSource } from '../operations/migrations/collect-usage.ts'
import { recordStatements } from '../operations/migrations/record-statements.ts'
import type { CommandInput } from './define-command.ts'
import { EXIT } from './exit-codes.ts'

interface UsageOptions {
  readonly from?: string
  readonly merge?: boolean
  readonly role?: string
  readonly service?: string
  readonly dsnEnv?: string
}

/** `migrations usage`: shows what is kept, or collects it. */
export async function usageCommand(input: CommandInput): Promise<number> {
  const asked = input.options as UsageOptions
  const sha = parseSha(input.args[0] ?? '')
  const environment = await input.environment()
  if (asked.from === undefined) {
    const kept = await environment.usage.read(sha)
    if (kept === null)
      throw refusal(`nobody collected what ${short(sha)} asks`, {
        code: 'no-usage',
        hint: `backflip migrations usage ${sha} --from FILE`,
      })
    show(input, kept, [])
    return EXIT.done
  }
  const source = await sourceOf(input, asked, environment)
  input.changing()
  const { usage, left, unresolved } = await collectUsage(environment, { sha, source, merge: asked.merge === true })
  const notes = [
    ...(left.others === 0 ? [] : [`${left.others} statements are no queries`]),
    ...(usage.leftOut === 0
      ? []
      : [`${usage.leftOut} statements could not be kept, so these queries clear no finding`]),
    ...(unresolved === null ? [] : [`what they use is not known: ${unresolved}`]),
  ]
  show(input, usage, notes)
  return EXIT.done
}

function show({ io, options }: CommandInput, usage: ReleaseUsage, notes: readonly string[]): void {
  if (options.json === true) {
    io.out(`${JSON.stringify({ ...usage, notes })}\n`)
    return
  }
  const { sha, source, collectedAt, statements, uses } = usage
  const recorded = statements.filter(({ samples }) => samples.length > 0).length
  const parts = [
    `${statements.length} queries`,
    `${recorded} with recorded parameters`,
    `from ${source}, ${collectedAt}`,
  ]
  const lines = [
    `${short(sha)}: ${parts.join(', ')}`,
    ...uses.map((one) => `  ${one}`),
    ...notes.map((one) => `! ${one}`),
  ]
  io.out(`${lines.join('\n')}\n`)
}

const MAX_RECORDING_BYTES = 8 * 1024 * 1024

/** A name of a source, or a file: JSON is a recording, everything else a log. */
async function sourceOf(
  { io }: CommandInput,
  { from = '', role, service, dsnEnv }: UsageOptions,
  environment: Environment,
): Promise<UsageSource> {
  if (from === 'pg_stat_statements') {
    if (dsnEnv !== undefined) {
      const dsn = await secretResolver(io.variables)({ env: dsnEnv }, '--dsn-env')
      return { kind: from, database: await composeStatistics(dsn), role: role ?? null }
    }
    const name = service === undefined ? null : parseDataServiceName(service, '--service')
    return { kind: from, database: databaseOf(environment.data, name).database, role: role ?? null }
  }
  const file = resolve(io.cwd, from)
  const found = statSync(file, { throwIfNoEntry: false })
  if (found?.isFile() !== true)
    throw usageError(`--from ${quote(from)} is neither pg_stat_statements nor a file`, {
      code: 'no-such-file',
      place: { flag: '--from' },
    })
  const [first = ''] = linesOf(file)
  if (!first.trimStart().startsWith('{')) return { kind: 'log', lines: linesOf(file) }
  if (found.size > MAX_RECORDING_BYTES)
    throw usageError(`${from} is larger than ${MAX_RECORDING_BYTES} bytes`, { code: 'text-too-large', place: { file } })
  return { kind: 'recording', ...parseUsage(readFileSync(file, 'utf8'), file) }
}

const CHUNK_BYTES = 1024 * 1024
const MAX_LINE_CHARS = 1024 * 1024

/** A log may be larger than memory. What is longer than a line can be is cut. */
function* linesOf(file: string): Generator<string> {
  const descriptor = openSync(file, 'r')
  try {
    const decoder = new TextDecoder()
    const buffer = Buffer.alloc(CHUNK_BYTES)
    let rest = ''
    for (let count = readSync(descriptor, buffer); count > 0; count = readSync(descriptor, buffer)) {
      const parts = (rest + decoder.decode(buffer.subarray(0, count), { stream: true })).split('\n')
      rest = (parts.pop() ?? '').slice(0, MAX_LINE_CHARS)
      yield* parts
    }
    if (rest !== '') yield rest
  } finally {
    closeSync(descriptor)
  }
}

interface RecordOptions {
  readonly listen?: string
  readonly to?: string
  readonly out?: string
}

/** `migrations record`: until Ctrl-C, then the file is written. */
export async function recordCommand({ io, options, changing }: CommandInput): Promise<number> {
  const asked = options as RecordOptions
  if (asked.to === undefined || asked.out === undefined)
    throw usageError('where does the app’s database listen, and where does the recording go?', {
      code: 'no-recording',
      hint: 'backflip migrations record --listen 127.0.0.1:6543 --to 127.0.0.1:5432 --out usage.json',
    })
  const out = resolve(io.cwd, asked.out)
  const listen = parseAddress(asked.listen ?? '127.0.0.1:0', '--listen')
  const to = asked.to.startsWith('/') ? { socket: asked.to } : parseAddress(asked.to, '--to')
  changing()
  const recorded = await recordStatements({
    ...(await composeRecorder()),
    listen,
    to,
    until: new Promise((stop) => {
      if (io.signal.aborted) stop(null)
      io.signal.addEventListener('abort', stop, { once: true })
    }),
    listening: (port) =>
      io.err(
        `recording at ${listen.host}:${port}; run the test suite against it with sslmode=disable or prefer, then Ctrl-C\n`,
      ),
  })
  await writeFileAtomic(out, `${JSON.stringify(recorded.file, null, 1)}\n`, { mode: 0o600 })
  const { connections, lost, others } = recorded
  const { statements, leftOut } = recorded.file
  const facts = { out, queries: statements.length, leftOut, others, connections, lost }
  if (options.json === true) io.out(`${JSON.stringify(facts)}\n`)
  else {
    io.out(`${facts.queries} queries of ${connections} connections: ${asked.out}\n`)
    if (lost > 0) io.err(`! ${lost} connections could not be followed to their end\n`)
  }
  return EXIT.done
}

function parseAddress(text: string, flag: string): { readonly host: string; readonly port: number } {
  const [, host = '', port = ''] = /^\[?([\w.:-]+?)\]?:(\d{1,5})$/.exec(text) ?? []
  if (host === '' || Number(port) > 65_535)
    throw usageError(`${flag} ${quote(text)} is not HOST:PORT`, { code: 'bad-option', place: { flag } })
  return { host, port: Number(port) }
}
