import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Shortcoming } from '../../ports/shortcoming.ts'
import type { Transport } from '../../ports/transport.ts'
import { checkAccess } from './access.ts'
import { getInstance } from './instances.ts'
import { type Container, runInContainer } from './run-in-container.ts'

/** What the transport runs in the container. */
const PROGRAMS = ['timeout', 'find', 'touch', 'chmod', 'dd', 'mv', 'sync', 'rm', 'mkdir', 'head', 'cat']
const LIMIT_MS = 10_000
/** What a unix socket's path may have, its end included (unix(7)). */
const MAX_SOCKET_PATH_BYTES = 108
/** For a socket's name below the shared folder. */
const NAME_BYTES = 32

export interface CheckAsk {
  /** The folder that is written into, as the container names it. */
  readonly folder: string
  /** The way that the edge takes, with its shared folder if it has one. */
  readonly transport: Transport
  /** Name on this host of the folder that both see, or null: then sockets go through socat. */
  readonly sharedFolder: string | null
}

/**
 * What is missing for the transport into this container, for `doctor`: nothing when all is well. Writes one small file into the folder and removes
 * it. What keeps us from looking at all is thrown (`incus-…`).
 */
export async function checkTransport(container: Container, ask: CheckAsk): Promise<readonly Shortcoming[]> {
  const { client, instance } = container
  await checkAccess(client)
  const found = await getInstance(client, instance)
  if (found === null) {
    return [
      {
        message: `there is no container ${instance} in the project ${client.project}`,
        hint: 'incus list --all-projects',
      },
    ]
  }
  if (found.status !== 'Running')
    return [{ message: `${instance} is ${found.status.toLowerCase()}`, hint: `incus start ${instance}` }]
  const programs = ask.sharedFolder === null ? [...PROGRAMS, 'socat'] : PROGRAMS
  const missing = await missingPrograms(container, programs)
  if (missing.length > 0) return missing
  return [...(await checkFolder(container, ask)), ...checkSocketPath(ask)]
}

async function missingPrograms(container: Container, programs: readonly string[]): Promise<readonly Shortcoming[]> {
  const { instance } = container
  const { exitCode, stdout } = await runInContainer(container, ['which', ...programs], { timeoutMs: LIMIT_MS })
  // What it prints says which one; whether one is missing at all is said by how it ended.
  if (exitCode === 0) return []
  const there = new Set(
    stdout
      .toString('utf8')
      .split('\n')
      .map((path) => path.slice(path.lastIndexOf('/') + 1)),
  )
  return programs
    .filter((program) => !there.has(program))
    .map((program) => ({
      message: `${instance} has no ${program}`,
      hint:
        program === 'socat'
          ? `incus exec ${instance} -- apt-get install socat, or share a folder`
          : `install it in ${instance}`,
    }))
}

/** Written by one way and read by the other: only then is the folder that both see one folder. */
async function checkFolder(
  container: Container,
  { folder, transport, sharedFolder }: CheckAsk,
): Promise<readonly Shortcoming[]> {
  const token = randomBytes(8).toString('hex')
  const path = join(folder, `.backflip-check-${token}`)
  try {
    await transport.writeFileAtomic(path, token)
    const { stdout } = await runInContainer(container, ['cat', path], { timeoutMs: LIMIT_MS })
    await transport.remove(path)
    if (stdout.toString('utf8') === token) return []
    return [
      {
        message: `${folder} in ${container.instance} is not the folder ${sharedFolder ?? folder} of this host`,
        hint: `incus config device add ${container.instance} backflip disk source=${sharedFolder ?? folder} path=${folder} shift=true`,
      },
    ]
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return [
      {
        message: `${folder} in ${container.instance} cannot be written: ${why}`,
        hint: `make it: incus exec ${container.instance} -- mkdir -p ${folder}`,
      },
    ]
  }
}

function checkSocketPath({ sharedFolder }: CheckAsk): readonly Shortcoming[] {
  const bytes = Buffer.byteLength(sharedFolder ?? '') + NAME_BYTES
  if (bytes < MAX_SOCKET_PATH_BYTES) return []
  return [
    { message: `${sharedFolder ?? ''} is too long for sockets below it`, hint: 'share a folder with a shorter path' },
  ]
}
