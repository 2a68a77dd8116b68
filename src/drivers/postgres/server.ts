import { BackflipError } from '../../domain/errors.ts'
import { lines, type PostgresHost, placeOf, runTool } from './host.ts'
import { psql } from './psql.ts'

const READY_PAUSE_MS = 200
const CONTROL_LIMIT_MS = 10 * 60_000

/** Ready means that it takes a session and answers: pg_isready also says yes to a server that would refuse us. */
export async function waitUntilReady(host: PostgresHost, timeoutMs: number): Promise<void> {
  const begun = host.clock.monotonicMs()
  for (;;) {
    try {
      // A server that still replays its log lets sessions in to read (hot standby); writing has to wait.
      if ((await psql(host, { script: 'SELECT pg_is_in_recovery();', timeoutMs: 5_000 })).trim() === 'f') return
      if (late()) throw notReady(host, timeoutMs, 'it is still in recovery')
    } catch (error) {
      if (!(error instanceof BackflipError) || error.code !== 'database-unreachable' || late()) throw error
    }
    await host.clock.sleep(READY_PAUSE_MS)
  }
  function late(): boolean {
    return host.clock.monotonicMs() - begun > timeoutMs
  }
}

function notReady(host: PostgresHost, timeoutMs: number, why: string): BackflipError {
  return new BackflipError(`${placeOf(host)} was not ready within ${timeoutMs} ms`, {
    code: 'database-unreachable',
    kind: 'failed',
    details: [why],
    hint: 'look at the server and its log, then: the same command',
  })
}

/** A clean stop: sessions are ended, everything is written out. Stopped already is fine. */
export async function stopServer(host: PostgresHost): Promise<void> {
  if (!(await isRunning(host))) return
  await control(host, 'stop', ['--mode', 'fast'])
  if (await isRunning(host)) throw controlFailed(host, 'stop', ['it still runs'])
}

/** Running already is fine. Output goes into a file beside the data: a pipe of ours would be held open as long as the server lives. */
export async function startServer(host: PostgresHost): Promise<void> {
  if (!(await isRunning(host))) await control(host, 'start', ['--log', `${host.config.dataFolder}/backflip-start.log`])
}

async function isRunning(host: PostgresHost): Promise<boolean> {
  const { exitCode, stderr } = await runTool(host, 'pg_ctl', ['status', '--pgdata', host.config.dataFolder], {
    timeoutMs: 10_000,
  })
  // pg_ctl(1): 3 is "not running", 4 is "no accessible data folder".
  if (exitCode === 0 || exitCode === 3) return exitCode === 0
  throw controlFailed(host, 'status', lines(stderr))
}

async function control(host: PostgresHost, verb: 'start' | 'stop', options: readonly string[]): Promise<void> {
  const { config, transport } = host
  const ask = { timeoutMs: CONTROL_LIMIT_MS }
  const seconds = String(CONTROL_LIMIT_MS / 1_000 - 10)
  const args = [verb, '--pgdata', config.dataFolder, '--wait', '--timeout', seconds, ...options]
  const { exitCode, stdout, stderr } =
    config.control === null ? await runTool(host, 'pg_ctl', args, ask) : await transport.run(config.control[verb], ask)
  if (exitCode !== 0) throw controlFailed(host, verb, lines(`${stdout}\n${stderr}`))
}

function controlFailed(host: PostgresHost, verb: string, details: readonly string[]): BackflipError {
  return new BackflipError(`${verb} of the server with ${placeOf(host)} failed`, {
    code: 'database-control-failed',
    kind: 'failed',
    details,
    hint: `look at the server's log, and at ${host.config.dataFolder}`,
  })
}
