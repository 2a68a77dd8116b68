import { redactor } from '../../../lib/redactor.ts'
import { pullFile, pullPart } from '../files.ts'
import type { InstanceName } from '../names.ts'
import type { RuntimeContext } from './context.ts'
import { parseEnvironment } from './environment-file.ts'
import type { InnerPaths } from './files-in-container.ts'

const MAX_TAIL_BYTES = 4 * 1024 * 1024
const MAX_SECRETS_BYTES = 16 * 1024 * 1024

/** The last lines of one log, secrets redacted by the very values that its service was given. Of a longer log only the end is read. */
export async function tailOf(
  context: RuntimeContext,
  instance: InstanceName,
  paths: InnerPaths,
  lines: number,
): Promise<readonly string[]> {
  if (lines <= 0) return []
  const bytes = await pullPart(context.client, instance, paths.log, { last: MAX_TAIL_BYTES }, MAX_TAIL_BYTES)
  if (bytes === null || bytes.length === 0) return []
  const text = bytes.toString('utf8')
  // The first line of a piece is a piece itself, and half a secret would not be recognised.
  const whole = bytes.length < MAX_TAIL_BYTES ? text : text.slice(text.indexOf('\n') + 1)
  const redact = await redactorOf(context, instance, paths)
  return redact(whole).replace(/\n$/, '').split('\n').slice(-lines)
}

/** By the values in the container itself: also those that were rotated since. */
export async function redactorOf({ client }: RuntimeContext, instance: InstanceName, { secrets }: InnerPaths) {
  const view = await pullFile(client, instance, secrets, { maxBytes: MAX_SECRETS_BYTES })
  return redactor(view?.type === 'file' ? Object.values(parseEnvironment(view.bytes.toString('utf8'))) : [])
}
