import { BackflipError } from '../../domain/errors.ts'
import { type IncusClient, readAnswer } from './client.ts'
import { isIncusError } from './errors.ts'
import {
  beginExec,
  DEFAULT_OUTPUT_BYTES,
  type ExecAsk,
  type ExecResult,
  exitOf,
  timedOut,
  whatOf,
} from './exec-call.ts'
import { pathOf } from './instances.ts'
import type { InstanceName } from './names.ts'
import { awaitOperation, operationPath } from './operations.ts'

interface View {
  readonly output: { readonly 1: string; readonly 2: string }
}

/** Beyond the bytes that were asked for: what the daemon says when it has no such file. */
const ENVELOPE_BYTES = 64 * 1024
const NOTHING = Buffer.alloc(0)

/**
 * The daemon lets the process write into two files of its own, hands them out, and is asked to remove them: nothing is between the process and
 * what it said (research/incus.md §4.6). What a daemon that dies meanwhile does not hand out stays with it until the instance goes.
 */
export async function executeRecorded(client: IncusClient, name: InstanceName, ask: ExecAsk): Promise<ExecResult> {
  const what = whatOf(name, ask.argv)
  const how = { 'wait-for-websocket': false, 'record-output': true } as const
  const { operation } = await beginExec(client, name, ask, how)
  const ended = awaitOperation(client, operation, { what, limitMs: ask.timeoutMs }).catch((error: unknown) => {
    throw isIncusError(error, 'incus-timeout') ? timedOut(ask, NOTHING) : error
  })
  const { exitCode, view } = await exitOf(ended, what)
  const maxBytes = ask.maxOutputBytes ?? DEFAULT_OUTPUT_BYTES
  const told = (view as View | null)?.output
  const files = told ?? filesOf(name, operation)
  const [stdout, stderr] = await Promise.all([files[1], files[2]].map((path) => take(client, path, maxBytes, what)))
  // Nothing said and nothing there are two things: only where the daemon did not name the files may there be none.
  if (told !== undefined && (stdout === null || stderr === null)) throw gone(what)
  return { exitCode, stdout: stdout ?? NOTHING, stderr: stderr ?? NOTHING }
}

/** Where they are, when the view does not say it: with 126 or 127 the operation has failed. */
function filesOf(name: InstanceName, operation: string): View['output'] {
  const id = operationPath(operation).slice('/operations/'.length)
  const path = `/1.0${pathOf(name)}/logs/exec-output/exec_${id}`
  return { 1: `${path}.stdout`, 2: `${path}.stderr` }
}

function gone(what: string): BackflipError {
  return new BackflipError(`Incus lost what it had recorded: ${what}`, { code: 'incus-lost', kind: 'failed' })
}

/** Its first bytes, and it is removed; null when there is none. The path is as the daemon gives it, with what `client.raw` adds. */
async function take(client: IncusClient, path: string, maxBytes: number, what: string): Promise<Buffer | null> {
  const call = { path: path.slice('/1.0'.length), what }
  const reply = await client.raw({
    ...call,
    method: 'GET',
    headers: { range: `bytes=0-${maxBytes - 1}` },
    maxBytes: maxBytes + ENVELOPE_BYTES,
  })
  if (reply.status === 404) return null
  // An empty file has no such range.
  if (reply.status !== 206 && reply.status !== 200 && reply.status !== 416)
    readAnswer({ ...call, method: 'GET' }, reply)
  // What the program did and said is known: a daemon that dies now takes nothing of that away.
  await client.raw({ ...call, method: 'DELETE' }).catch(() => undefined)
  return reply.status === 416 ? NOTHING : reply.body.subarray(0, maxBytes)
}
