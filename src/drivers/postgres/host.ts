import type { PostgresConfig } from '../../config/types.ts'
import { BackflipError } from '../../domain/errors.ts'
import type { Clock } from '../../ports/clock.ts'
import type { CommandResult, Transport } from '../../ports/transport.ts'

/** What every part of the driver works with: the server's host behind its transport, and how the server is found there. */
export interface PostgresHost {
  readonly config: PostgresConfig
  /** The only way to the host that the server runs on. */
  readonly transport: Transport
  readonly clock: Clock
}

export interface ToolAsk {
  readonly timeoutMs: number
  readonly maxOutputBytes?: number
  readonly stdin?: string
  readonly until?: string
  readonly env?: { readonly [name: string]: string }
}

/** The search path for what `env` and `runuser` start. */
const SEARCH_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Who we are: so that our own sessions are not taken for writers. */
export const APPLICATION = 'backflip'

/**
 * Runs one of PostgreSQL's own tools as the server's user. Debian's `/usr/bin/psql` is a wrapper in Perl that costs 100 ms and picks a
 * cluster by itself, so tools are named by their full path. The environment is empty but for what is named here: PGHOST, PGSERVICE or a
 * psqlrc of root's must not choose another server.
 */
export async function runTool(
  host: PostgresHost,
  tool: string,
  args: readonly string[],
  ask: ToolAsk,
): Promise<CommandResult> {
  return runAsServerUser(host, [`${await binFolder(host)}/${tool}`, ...args], ask)
}

export async function runAsServerUser(
  { config, transport }: PostgresHost,
  argv: readonly string[],
  { env = {}, ...ask }: ToolAsk,
): Promise<CommandResult> {
  const become = config.osUser === null ? [] : ['runuser', '-u', config.osUser, '--']
  const settings = { PATH: SEARCH_PATH, LC_ALL: 'C.UTF-8', TZ: 'UTC', ...env }
  const pairs = Object.entries(settings).map(([name, value]) => `${name}=${value}`)
  // A folder that the server's user may enter: pg_ctl and others complain about /root.
  const result = await transport.run([...become, 'env', '-i', '-C', '/', ...pairs, ...argv], ask)
  // env's own words for "not there" (127) and "not executable" (126).
  if (result.exitCode === 127 || result.exitCode === 126) {
    throw new BackflipError(`${argv[0]} cannot be run`, {
      code: 'database-tools-missing',
      kind: 'failed',
      details: lines(result.stderr),
      hint: "install the server's own package on its host (on Debian: apt-get install postgresql)",
    })
  }
  return result
}

async function binFolder({ config, transport }: PostgresHost): Promise<string> {
  if (config.binFolder !== null) return config.binFolder
  const bytes = await transport.readFile(`${config.dataFolder}/PG_VERSION`, { maxBytes: 64 })
  const major = bytes === null ? '' : new TextDecoder().decode(bytes).trim()
  if (/^\d{2}$/.test(major)) return `/usr/lib/postgresql/${major}/bin`
  throw new BackflipError(`${config.dataFolder} is not the folder of a PostgreSQL server`, {
    code: 'database-not-found',
    kind: 'failed',
    details: ['there is no PG_VERSION in it that we know'],
    hint: 'name the folder in dataFolder of backflip.yaml, then: backflip doctor',
  })
}

/** Where it is, in an error's words. */
export function placeOf({ config }: PostgresHost): string {
  return `${config.database} at ${config.socketFolder}:${config.port}`
}

export function lines(text: string, limit = 12): readonly string[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-limit)
}
