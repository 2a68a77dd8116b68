import type { IncusClient } from './client.ts'
import type { ExecAsk, ExecResult } from './exec-call.ts'
import { executeRecorded } from './exec-recorded.ts'
import { executeStreamed } from './exec-streamed.ts'
import type { InstanceName } from './names.ts'

/**
 * Runs a program in a running instance. Without input its output is recorded by the daemon, and whole. With input it is streamed, and its last
 * words may be missing: when a process ends while the daemon has not read its pipe yet, Incus 6.0 drops what is in it (`internal/linux/poll.go`,
 * the reader that finds the process gone before it saw the pipe's end; 42 of 7,796 short commands on a busy host). The exit code is always
 * right. A program that waits for the end of its input after its last word loses nothing: `Talk`.
 * Errors: `incus-stopped`, `incus-not-found`; `command-timeout` after the limit (a streamed process has been killed then, not what it started;
 * a recorded one goes on: give both a leader that ends them, as `timeout` is).
 */
export async function execute(client: IncusClient, name: InstanceName, ask: ExecAsk): Promise<ExecResult> {
  const { stdin } = ask
  return stdin === undefined ? executeRecorded(client, name, ask) : executeStreamed(client, name, { ...ask, stdin })
}
