import { BackflipError } from '../../domain/errors.ts'
import type { IncusClient } from './client.ts'
import { isIncusError } from './errors.ts'

export interface Access {
  /** As `6.0.4`. */
  readonly version: string
  /** SHA-256 of the server's certificate: what a configuration pins. */
  readonly fingerprint: string
  readonly isClustered: boolean
}

/**
 * Whether this daemon lets us work in the project, and who it is. To be asked before anything is believed: an administrator's socket lists a
 * project that does not exist as empty, without an error. Errors: `incus-no-right`, `incus-no-project`.
 */
export async function checkAccess(client: IncusClient, ask: { readonly timeoutMs?: number } = {}): Promise<Access> {
  const what = `look at ${client.where}`
  const { metadata } = await client.call({ method: 'GET', path: '', what, ...ask })
  const server = metadata as WireServer
  if (server.auth !== 'trusted') {
    throw new BackflipError(`Incus at ${client.where} does not know our certificate`, {
      code: 'incus-no-right',
      kind: 'failed',
      hint: `on the server: incus config trust add-certificate FILE --restricted --projects ${client.project}`,
    })
  }
  await findProject(client, ask)
  const {
    server_version: version,
    certificate_fingerprint: fingerprint,
    server_clustered: clustered,
  } = server.environment
  return { version, fingerprint, isClustered: clustered }
}

async function findProject(client: IncusClient, ask: { readonly timeoutMs?: number }): Promise<void> {
  const { project } = client
  try {
    await client.call({ method: 'GET', path: `/projects/${project}`, what: `look at the project ${project}`, ...ask })
  } catch (error) {
    if (!isIncusError(error, 'incus-not-found')) throw error
    throw new BackflipError(`Incus at ${client.where} has no project ${project}`, {
      code: 'incus-no-project',
      kind: 'failed',
      hint: `incus project list, or: incus project create ${project}`,
      cause: error,
    })
  }
}

interface WireServer {
  readonly auth: string
  readonly environment: {
    readonly server_version: string
    readonly certificate_fingerprint: string
    readonly server_clustered: boolean
  }
}
