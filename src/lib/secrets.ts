import { execFile } from 'node:child_process'
import { open } from 'node:fs/promises'
import { BackflipError, refusal } from '../domain/errors.ts'
import type { EnvironmentValue, SecretReference } from '../domain/release.ts'

/** The kernel takes no longer string in an environment: MAX_ARG_STRLEN is 128 KiB, name and `=` included. */
const MAX_SECRET_BYTES = 64 * 1024
const COMMAND_TIMEOUT_MS = 10_000

export type ProcessEnvironment = { readonly [name: string]: string | undefined }

/** Reads secrets where they are, each reference once for as long as the resolver is kept: for one call, so that nothing stays in memory. */
export type SecretResolver = (reference: SecretReference, place: string) => Promise<string>

/**
 * Error `secret-missing` (kind `refused`) when there is none, `secret-unreadable` when it cannot be had or used. Both name the reference and where
 * it is asked for, never the value and nothing that the other side said: what a failing password manager prints may be the password.
 */
export function secretResolver(ours: ProcessEnvironment): SecretResolver {
  const read = new Map<string, Promise<string>>()
  return async (reference, place) => {
    const key = JSON.stringify(reference)
    const value = read.get(key) ?? readSecret(reference, ours)
    read.set(key, value)
    try {
      return await value
    } catch (error) {
      if (!(error instanceof SecretProblem)) throw error
      const facts = { code: error.code, hint: 'nothing was started; give the secret and repeat the command' }
      throw refusal(`the secret ${place} (${describeReference(reference)}) ${error.message}`, facts)
    }
  }
}

export function isReference(value: EnvironmentValue): value is SecretReference {
  return typeof value !== 'string'
}

export function describeReference(reference: SecretReference): string {
  if ('env' in reference) return `{env: ${reference.env}}`
  return 'file' in reference ? `{file: ${reference.file}}` : `{command: [${reference.command[0] ?? ''}, …]}`
}

class SecretProblem extends Error {
  readonly code: 'secret-missing' | 'secret-unreadable'
  constructor(code: SecretProblem['code'], message: string) {
    super(message)
    this.code = code
  }
}

async function readSecret(reference: SecretReference, ours: ProcessEnvironment): Promise<string> {
  const value = await ('env' in reference
    ? fromEnvironment(reference.env, ours)
    : 'file' in reference
      ? fromFile(reference.file)
      : fromCommand(reference.command, ours))
  if (Buffer.byteLength(value) > MAX_SECRET_BYTES)
    throw new SecretProblem('secret-unreadable', `is longer than ${MAX_SECRET_BYTES} bytes`)
  // Node's own error about a NUL byte quotes the whole value.
  if (value.includes('\0'))
    throw new SecretProblem('secret-unreadable', 'has a NUL byte, which no environment can hold')
  return value
}

async function fromEnvironment(name: string, ours: ProcessEnvironment): Promise<string> {
  const value = ours[name]
  if (value === undefined) throw new SecretProblem('secret-missing', 'is not set in the environment of this command')
  return value
}

async function fromFile(path: string): Promise<string> {
  try {
    const file = await open(path, 'r')
    try {
      const buffer = Buffer.alloc(MAX_SECRET_BYTES + 2)
      const { bytesRead } = await file.read(buffer, 0, buffer.length, 0)
      return withoutNewline(buffer.toString('utf8', 0, bytesRead))
    } finally {
      await file.close()
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') throw new SecretProblem('secret-missing', 'is not there: there is no such file')
    throw new SecretProblem('secret-unreadable', `cannot be read (${code ?? 'unknown error'})`)
  }
}

function fromCommand([command, ...rest]: readonly string[], ours: ProcessEnvironment): Promise<string> {
  return new Promise((done, refuse) => {
    const limits = { timeout: COMMAND_TIMEOUT_MS, killSignal: 'SIGKILL' as const, maxBuffer: MAX_SECRET_BYTES + 2 }
    execFile(command ?? '', rest, { ...limits, env: { ...ours }, encoding: 'utf8' }, (error, stdout) => {
      if (error === null) done(withoutNewline(stdout))
      else refuse(new SecretProblem('secret-unreadable', `cannot be had: its command ${endOf(error)}`))
    })
  })
}

function endOf(error: Error & { code?: unknown; killed?: boolean }): string {
  if (error.code === 'ENOENT') return 'does not exist'
  if (error.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return `printed more than ${MAX_SECRET_BYTES} bytes`
  if (error.killed === true) return `did not end within ${COMMAND_TIMEOUT_MS} ms`
  return `failed (${String(error.code ?? 'ended by a signal')})`
}

/** One, as editors add it; a second one may belong to the secret. */
function withoutNewline(text: string): string {
  return text.endsWith('\n') ? text.slice(0, -1) : text
}

/** For redaction: every value that can still be had. What cannot is not a reason to show no log. */
export async function knownSecrets(
  environment: { readonly [name: string]: EnvironmentValue },
  ours: ProcessEnvironment,
): Promise<readonly string[]> {
  const resolve = secretResolver(ours)
  const found = await Promise.allSettled(
    Object.entries(environment).flatMap(([name, value]) => (isReference(value) ? [resolve(value, name)] : [])),
  )
  const unexpected = found.find((one) => one.status === 'rejected' && !(one.reason instanceof BackflipError))
  if (unexpected?.status === 'rejected') throw unexpected.reason
  return found.flatMap((one) => (one.status === 'fulfilled' && one.value !== '' ? [one.value] : []))
}
