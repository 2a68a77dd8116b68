import { BackflipError } from '../../../domain/errors.ts'
import { pullFile, pushFile } from '../files.ts'
import type { InstanceName } from '../names.ts'
import { runInContainer } from '../run-in-container.ts'
import type { RuntimeContext } from './context.ts'
import { type ExitNote, type InnerPaths, parseExitNote } from './files-in-container.ts'

const BOOT_MS = 60_000
const PAUSE_MS = 100
/** What a stop may take beyond the service's own time. */
const SLACK_MS = 10_000
/** systemd takes some tenths of a second to listen after its container started. */
const NOT_YET =
  /Failed to connect to (system scope )?bus|Transport endpoint is not connected|not been booted with systemd|Connection refused/

/** Runs systemctl in a container that may have started an instant ago. Error `service-failed` with what it said. */
export async function systemctl(
  { client, clock }: RuntimeContext,
  instance: InstanceName,
  words: readonly string[],
  timeoutMs = BOOT_MS,
): Promise<void> {
  const end = clock.monotonicMs() + BOOT_MS
  for (;;) {
    const { exitCode, stderr } = await runInContainer({ client, instance }, ['systemctl', ...words], { timeoutMs })
    if (exitCode === 0) return
    const said = stderr.toString('utf8')
    if (!NOT_YET.test(said) || clock.monotonicMs() >= end) throw serviceFailed(instance, said)
    await clock.sleep(PAUSE_MS)
  }
}

function serviceFailed(instance: InstanceName, said: string): BackflipError {
  return new BackflipError(`systemd in ${instance} refuses the service`, {
    code: 'service-failed',
    kind: 'failed',
    details: said.trimEnd().split('\n').slice(-5),
    hint: `incus exec ${instance} -- systemctl status backflip`,
  })
}

/** How the service ended last; null while it runs, or never ran. */
export async function readExit(
  { client }: Pick<RuntimeContext, 'client'>,
  instance: InstanceName,
  { exit }: InnerPaths,
): Promise<ExitNote | null> {
  const view = await pullFile(client, instance, exit, { maxBytes: 4096 })
  return view?.type === 'file' ? parseExitNote(view.bytes.toString('utf8')) : null
}

/** A small file, by default for root alone. Its folder must be there: that of another operation is not. */
export async function writeInner(
  { client }: Pick<RuntimeContext, 'client'>,
  instance: InstanceName,
  path: string,
  text: string,
  mode = 0o600,
): Promise<void> {
  await pushFile(client, instance, path, Buffer.from(text), { mode })
}

/**
 * Ends the service in its container, politely first. True when it had to be killed. The unit and the script carry the operation in their name, so
 * this fails in a container that was made anew.
 */
export async function stopService(
  context: RuntimeContext,
  instance: InstanceName,
  paths: InnerPaths,
  stopTimeoutMs: number,
): Promise<boolean> {
  const { client, config } = context
  const timeoutMs = stopTimeoutMs + SLACK_MS
  if (config.service === 'script') {
    const argv = ['sh', paths.stop, String(Math.ceil(stopTimeoutMs / 100))]
    const { exitCode } = await runInContainer({ client, instance }, argv, { timeoutMs })
    return exitCode !== 0
  }
  await systemctl(context, instance, ['stop', paths.unit], timeoutMs)
  return (await readExit(context, instance, paths))?.result === 'timeout'
}
