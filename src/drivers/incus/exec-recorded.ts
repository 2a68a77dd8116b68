import type { IncusClient } from './client.ts'
import { readAnswer } from './client.ts'
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
  readonly output: { readonly 1?: string; readonly 2?: string }
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
  const files = (view as View | null)?.output ?? filesOf(name, operation)
  const [stdout, stderr] = await Promise.all([files[1], files[2]].map((path) => take(client, path, maxBytes, what)))
  return { exitCode, stdout: stdout ?? NOTHING, stderr: stderr ?? NOTHING }
}

/** Where they are, when the view does not say it: with 126 or 127 the operation has failed. */
function filesOf(name: InstanceName, operation: string): View['output'] {
  const id = operationPath(operation).slice('/operations/'.length)
  const path = `/1.0${pathOf(name)}/logs/exec-output/exec_${id}`
  return { 1: `${path}.stdout`, 2: `${path}.stderr` }
}

/** Its first bytes; and it is gone. */
async function take(client: IncusClient, path: string | undefined, maxBytes: number, what: string): Promise<Buffer> {
  // As the daemon gives it, `/1.0/instances/…`, with what `client.raw` adds.
  if (path === undefined || !path.startsWith('/1.0/')) return NOTHING
  const call = { path: path.slice('/1.0'.length), what }
  const reply = await client.raw({
    ...call,
    method: 'GET',
    headers: { range: `bytes=0-${maxBytes - 1}` },
    maxBytes: maxBytes + ENVELOPE_BYTES,
  })
  if (reply.status === 404) return NOTHING
  // An empty file has no such range.
  if (reply.status !== 206 && reply.status !== 200 && reply.status !== 416)
    readAnswer({ ...call, method: 'GET' }, reply)
  await client.raw({ ...call, method: 'DELETE' })
  return reply.status === 416 ? NOTHING : reply.body.subarray(0, maxBytes)
}
