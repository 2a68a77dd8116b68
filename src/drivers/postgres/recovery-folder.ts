import { basename, dirname } from 'node:path'
import { BackflipError, refusal } from '../../domain/errors.ts'
import type { OperationId } from '../../domain/ids.ts'
import type { CommandResult } from '../../ports/transport.ts'
import { lines, type PostgresHost, runTool } from './host.ts'

const LIMIT_MS = 60_000
/** A large database has very many files. */
const REMOVE_LIMIT_MS = 30 * 60_000
const REMOVE_TRIES = 10
const REMOVE_PAUSE_MS = 300
const OURS = /\.backflip-[0-9a-f]{12}(\.old)?$/

export interface RecoveryFolder {
  /** The server's data, without symbolic links on the way. */
  readonly data: string
  /** Beside it, on the same file system: there it is renamed in an instant. */
  readonly beside: string
  /** What was the data, while the two change places. */
  readonly old: string
}

async function realDataFolder(host: PostgresHost): Promise<string> {
  const { stdout } = await mustRun(host, ['readlink', '-f', host.config.dataFolder])
  // Folders are made and removed by this name.
  if (/^\/[^\n]+\n$/.test(stdout)) return stdout.trimEnd()
  throw cannot('readlink', lines(stdout))
}

/** Named by the operation, so that a repeat finds what it made. */
export async function recoveryFolderOf(host: PostgresHost, operation: OperationId): Promise<RecoveryFolder> {
  const data = await realDataFolder(host)
  const beside = `${data}.backflip-${operation.slice(-12)}`
  return { data, beside, old: `${beside}.old` }
}

/** Free bytes beside the data. Error `no-room` (kind `refused`). */
export async function roomBeside(host: PostgresHost, neededBytes: number): Promise<number> {
  const folder = dirname(await realDataFolder(host))
  const { stdout } = await mustRun(host, ['df', '--output=avail', '--block-size=1', folder])
  const said = stdout.trimEnd().split('\n').at(-1)?.trim() ?? ''
  if (!/^\d+$/.test(said)) throw cannot('df', lines(stdout))
  if (Number(said) >= neededBytes) return Number(said)
  throw refusal(`${folder} has ${said} bytes free, and a recovery beside the data needs ${neededBytes}`, {
    code: 'no-room',
    details: ['nothing was changed'],
    hint: 'backflip snapshots prune, or a larger disk for the container',
  })
}

/** Made for the server's user, whoever owns the folder above. */
export async function makeFolder(host: PostgresHost, folder: string): Promise<void> {
  const owner = host.config.osUser === null ? [] : ['--owner', host.config.osUser]
  await mustRun(host, ['install', '--directory', '--mode', '700', ...owner, folder])
}

/** What recoveries left beside the data, whoever made them. */
export async function leftovers(host: PostgresHost, { data }: RecoveryFolder): Promise<readonly string[]> {
  const names = (await host.transport.listFolder(dirname(data))) ?? []
  return names
    .filter((name) => name.startsWith(`${basename(data)}.`) && OURS.test(name))
    .map((name) => `${dirname(data)}/${name}`)
}

/**
 * Ends whatever works on a folder and removes it. Who made it may be dead while the tool that he started goes on, so it is looked for by the folder in
 * its command line, which is nobody else's.
 */
export async function removeFolder(host: PostgresHost, folder: string): Promise<void> {
  if ((await host.transport.listFolder(folder)) === null) return
  // The server first: its children do not name the folder, and end with it.
  await runTool(host, 'pg_ctl', ['stop', '--mode', 'immediate', '--pgdata', folder], { timeoutMs: LIMIT_MS })
  for (let tries = 1; ; tries += 1) {
    await endWorkers(host, folder)
    const { exitCode, stderr } = await host.transport.run(['rm', '-rf', folder], { timeoutMs: REMOVE_LIMIT_MS })
    if (exitCode === 0) return
    // Somebody who ends had just written another file.
    if (tries >= REMOVE_TRIES) throw cannot('rm', lines(stderr))
    await host.clock.sleep(REMOVE_PAUSE_MS)
  }
}

async function endWorkers({ transport }: PostgresHost, folder: string): Promise<void> {
  // In brackets, so that the search does not find itself, or who started it.
  const pattern = `[/]${folder.slice(1).replaceAll(/[.[\]{}()*+?^$|\\]/g, '\\$&')}`
  const { exitCode, stderr } = await transport.run(['pkill', '-KILL', '-f', pattern], { timeoutMs: LIMIT_MS })
  // pkill(1): 1 is "none matched".
  if (exitCode !== 0 && exitCode !== 1) throw cannot('pkill', lines(stderr))
}

export async function mustRun({ transport }: PostgresHost, argv: readonly string[]): Promise<CommandResult> {
  const result = await transport.run(argv, { timeoutMs: LIMIT_MS })
  if (result.exitCode !== 0) throw cannot(argv[0] ?? '', lines(result.stderr))
  return result
}

function cannot(program: string, details: readonly string[]): BackflipError {
  return new BackflipError(`${program} failed beside the data of the server`, {
    code: 'recovery-failed',
    kind: 'failed',
    details: [...details, 'the running database was not touched'],
  })
}
