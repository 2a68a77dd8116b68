import { BackflipError } from '../../domain/errors.ts'
import { type Call, type IncusClient, readAnswer } from './client.ts'
import { pathOf } from './instances.ts'
import type { InstanceName } from './names.ts'
import type { HttpReply } from './request.ts'

const TIMEOUT_MS = 60_000
const HELPER_TRIES = 50
const HELPER_PAUSE_MS = 100
/** An answer in JSON in place of a small part. */
const ENVELOPE_BYTES = 64 * 1024
const DEFAULT_BYTES = 16 * 1024 * 1024

/** What is at a path of an instance. A symbolic link is not followed: its target is its bytes. */
export type FileView =
  | { readonly type: 'file' | 'symlink'; readonly bytes: Buffer; readonly mode: number }
  | { readonly type: 'directory'; readonly names: readonly string[] }

/**
 * Null when there is nothing. Error `file-too-large` above `maxBytes`. Files without a size, as those below /proc, come back empty: read
 * them with a program.
 */
export async function pullFile(
  client: IncusClient,
  name: InstanceName,
  path: string,
  { maxBytes = DEFAULT_BYTES }: { readonly maxBytes?: number } = {},
): Promise<FileView | null> {
  const call = fileCall('GET', name, path, `read ${path} in ${name}`)
  const reply = await steadily(client, { ...call, maxBytes }).catch((error: unknown) => {
    throw error instanceof BackflipError && error.code === 'incus-too-large' ? tooLarge(path, maxBytes, error) : error
  })
  if (reply.status === 404) return null
  const type = reply.headers['x-incus-type']
  if (reply.status !== 200 || typeof type !== 'string') {
    readAnswer(call, reply)
    throw new BackflipError(`Incus does not say what ${path} is`, { code: 'incus-not-understood', kind: 'failed' })
  }
  if (type === 'directory') {
    const { metadata } = readAnswer(call, reply)
    return { type, names: ((metadata as readonly string[] | null) ?? []).toSorted() }
  }
  const mode = Number.parseInt(String(reply.headers['x-incus-mode'] ?? '0644'), 8)
  return { type: type === 'symlink' ? 'symlink' : 'file', bytes: reply.body, mode }
}

/** A part of a file: its last bytes, or all from an offset on, at most `maxBytes`. Null when there is no file; nothing is there beyond its end. */
export async function pullPart(
  client: IncusClient,
  name: InstanceName,
  path: string,
  part: { readonly last: number } | { readonly from: number },
  maxBytes: number,
): Promise<Buffer | null> {
  const call = fileCall('GET', name, path, `read ${path} in ${name}`)
  const range = 'last' in part ? `bytes=-${part.last}` : `bytes=${part.from}-${part.from + maxBytes - 1}`
  const reply = await steadily(client, { ...call, maxBytes: maxBytes + ENVELOPE_BYTES, headers: { range } })
  if (reply.status === 404) return null
  if (reply.status === 416) return Buffer.alloc(0)
  if (reply.status === 206) return reply.body
  // An empty file comes whole.
  if (reply.status !== 200 || reply.headers['x-incus-type'] !== 'file') readAnswer(call, reply)
  return reply.body
}

/** In bytes; 0 when there is no file. */
export async function pullSize(client: IncusClient, name: InstanceName, path: string): Promise<number> {
  const call = fileCall('GET', name, path, `read ${path} in ${name}`)
  const reply = await steadily(client, { ...call, maxBytes: ENVELOPE_BYTES, headers: { range: 'bytes=0-0' } })
  if (reply.status !== 404 && reply.status !== 200 && reply.status !== 206 && reply.status !== 416)
    readAnswer(call, reply)
  return Number(/\/(\d+)$/.exec(reply.headers['content-range'] ?? '')?.[1] ?? 0)
}

/** Written in place, not atomically: who reads meanwhile sees a part. Parents must be there. Owner root unless told. */
export async function pushFile(
  client: IncusClient,
  name: InstanceName,
  path: string,
  bytes: Uint8Array,
  { mode = 0o600, uid = 0, gid = 0, timeoutMs = TIMEOUT_MS }: PushAsk = {},
): Promise<void> {
  const call = fileCall('POST', name, path, `write ${path} in ${name}`)
  const headers = toHeaders('file', mode, uid, gid)
  const whole = { ...call, body: bytes, headers, timeoutMs }
  readAnswer(whole, await steadily(client, whole))
}

export interface PushAsk {
  readonly mode?: number
  readonly uid?: number
  readonly gid?: number
  readonly timeoutMs?: number
}

/** One folder; there already is fine. */
export async function pushFolder(
  client: IncusClient,
  name: InstanceName,
  path: string,
  { mode = 0o700, uid = 0, gid = 0 }: PushAsk = {},
): Promise<void> {
  const call = fileCall('POST', name, path, `make ${path} in ${name}`)
  await client.call({ ...call, headers: toHeaders('directory', mode, uid, gid) })
}

/**
 * Files go through a helper of the daemon's, one for each container, and it is started anew when the container starts, stops or is still being made:
 * what falls in between fails with a word of its socket, and comes through a moment later. Reading and overwriting may be repeated.
 */
async function steadily(client: IncusClient, call: Call): Promise<HttpReply> {
  for (let tries = 1; ; tries += 1) {
    const reply = await client.raw(call)
    const isBetween = reply.status === 500 && reply.body.includes('forkfile')
    if (!isBetween || tries === HELPER_TRIES) return reply
    await new Promise((resolve) => setTimeout(resolve, HELPER_PAUSE_MS))
  }
}

function fileCall(method: Call['method'], name: InstanceName, path: string, what: string): Call {
  return { method, path: `${pathOf(name)}/files`, query: { path }, timeoutMs: TIMEOUT_MS, what }
}

function toHeaders(type: string, mode: number, uid: number, gid: number): { readonly [name: string]: string } {
  return {
    'x-incus-type': type,
    'x-incus-mode': mode.toString(8).padStart(4, '0'),
    'x-incus-uid': String(uid),
    'x-incus-gid': String(gid),
    'x-incus-write': 'overwrite',
  }
}

function tooLarge(path: string, maxBytes: number, cause: unknown): BackflipError {
  return new BackflipError(`${path} has more than the ${maxBytes} bytes that are read`, {
    code: 'file-too-large',
    kind: 'failed',
    cause,
  })
}
