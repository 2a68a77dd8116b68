import { BackflipError } from '../../domain/errors.ts'
import type { DatabaseMark, Verification, VerifyCheck, VerifyCheckName } from '../../ports/database.ts'
import { readFacts } from './facts.ts'
import { forkTimeline } from './fork-timeline.ts'
import type { PostgresHost } from './host.ts'
import { lines, runTool } from './host.ts'
import { readMarker } from './marker.ts'
import { psqlJson } from './psql.ts'
import { recoveredTo } from './recovered-to.ts'
import { startServer, stopServer, waitUntilReady } from './server.ts'
import { checkStructure } from './verify-structure.ts'

const READY_LIMIT_MS = 10 * 60_000
const CHECKSUMS_LIMIT_MS = 60 * 60_000

/** What a check saw: a sentence, with whether that is right. */
export interface Seen {
  readonly result: VerifyCheck['result']
  readonly detail: string
}

/**
 * The checks in the order in which they say most (research/reliability §5.3). Structure is the one that sees a copy that was not taken at one
 * moment: such a copy starts cleanly, and data checksums find nothing in it, because each page by itself is valid (measured there, 3 of 3).
 */
export async function verifyCopy(
  host: PostgresHost,
  mark: DatabaseMark,
  { forkAbove }: { readonly forkAbove: number | null },
): Promise<Verification> {
  const checks: VerifyCheck[] = []
  const check = async (name: VerifyCheckName, look: () => Promise<Seen>): Promise<boolean> => {
    const begun = host.clock.monotonicMs()
    const seen = await look().catch(failedBy)
    checks.push({ name, ...seen, durationMs: Math.round(host.clock.monotonicMs() - begun) })
    return seen.result !== 'failed'
  }
  const ready = await check('ready', async () => {
    await waitUntilReady(host, READY_LIMIT_MS)
    return { result: 'passed', detail: 'it takes sessions' }
  })
  if (!ready) return { isVerified: false, checks, recoveredTo: null }

  const to = await recoveredTo(host, mark)
  await check('isolation', () => checkIsolation(host))
  await check('system-id', () => checkSystemId(host, mark))
  await check('marker', () => checkMarker(host, mark))
  await check('schema', () => checkSchema(host, mark))
  await check('structure', () => checkStructure(host))
  const checksums = () => check('checksums', () => checkChecksums(host, mark))
  if (forkAbove !== null && checks.every(isGood)) await forkTimeline(host, { above: forkAbove }, checksums)
  // Also when a fork that died had opened its timeline already.
  const isMissing = checks.at(-1)?.name !== 'checksums'
  if (isMissing && mark.facts.hasDataChecksums) await whileStopped(host, checksums)
  else if (isMissing) await checksums()
  return { isVerified: checks.every(isGood), checks, recoveredTo: to }
}

const isGood = ({ result }: VerifyCheck) => result !== 'failed'

function failedBy(error: unknown): Seen {
  const details = error instanceof BackflipError ? error.details : []
  return { result: 'failed', detail: [error instanceof Error ? error.message : String(error), ...details].join('; ') }
}

/** A copy that can be reached, or that archives or replicates, would mix a second history into the first. */
async function checkIsolation(host: PostgresHost): Promise<Seen> {
  const now = await psqlJson<{ listens: string; archives: boolean; subscriptions: number }>(host, {
    script: `SELECT json_build_object('listens', current_setting('listen_addresses'),
      'archives', current_setting('archive_mode') <> 'off' AND current_setting('archive_command') <> '',
      'subscriptions', (SELECT count(*) FROM pg_subscription WHERE subenabled));`,
  })
  const cards = (await host.transport.listFolder('/sys/class/net')) ?? []
  if (cards.every((name) => name === 'lo')) return { result: 'passed', detail: 'its host has no network' }
  const open = [
    ...(now.listens === '' ? [] : [`it listens on ${now.listens}`]),
    ...(now.archives ? ['it archives its log'] : []),
    ...(now.subscriptions === 0 ? [] : [`${now.subscriptions} subscriptions are enabled`]),
  ]
  return open.length === 0
    ? { result: 'passed', detail: 'its host has a network, and it listens, archives and subscribes nowhere' }
    : { result: 'failed', detail: `${open.join(', ')}, and its host has a network: ${cards.join(', ')}` }
}

async function checkSystemId(host: PostgresHost, { facts }: DatabaseMark): Promise<Seen> {
  const id = await psqlJson<string>(host, {
    script: 'SELECT to_json(system_identifier::text) FROM pg_control_system();',
  })
  return compare('system id', facts.systemId, id)
}

async function checkMarker(host: PostgresHost, { name, at }: DatabaseMark): Promise<Seen> {
  return compare(`marker ${name}`, at, (await readMarker(host, name)) ?? 'no such row')
}

async function checkSchema(host: PostgresHost, { facts }: DatabaseMark): Promise<Seen> {
  const now = await readFacts(host)
  const words = (one: { schemaVersion: string | null; schemaFingerprint: string }) =>
    `${one.schemaVersion ?? 'no version'}, ${one.schemaFingerprint}`
  return compare('schema', words(facts), words(now))
}

function compare(what: string, expected: string, found: string): Seen {
  return expected === found
    ? { result: 'passed', detail: `${what} ${found}` }
    : { result: 'failed', detail: `${what}: ${expected} was marked, ${found} is here` }
}

async function whileStopped(host: PostgresHost, work: () => Promise<unknown>): Promise<void> {
  await stopServer(host)
  await work()
  await startServer(host)
  await waitUntilReady(host, READY_LIMIT_MS)
}

/** The tool refuses a running server, and one that was not stopped cleanly. */
async function checkChecksums(host: PostgresHost, { facts }: DatabaseMark): Promise<Seen> {
  if (!facts.hasDataChecksums) return { result: 'skipped', detail: 'the server was made without data checksums' }
  const { exitCode, stdout, stderr } = await runTool(
    host,
    'pg_checksums',
    ['--check', '--pgdata', host.config.dataFolder],
    { timeoutMs: CHECKSUMS_LIMIT_MS },
  )
  const said = lines(`${stdout}\n${stderr}`).join('; ')
  return { result: exitCode === 0 ? 'passed' : 'failed', detail: said }
}
