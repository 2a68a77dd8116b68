import { randomBytes } from 'node:crypto'
import { BackflipError } from '../../../domain/errors.ts'
import { sendTar } from '../../../lib/archive/send-tar.ts'
import type { Entered } from '../fence.ts'
import { pullFile } from '../files.ts'
import type { InstanceName } from '../names.ts'
import { runInContainer } from '../run-in-container.ts'
import type { RuntimeContext } from './context.ts'
import type { InnerPaths } from './files-in-container.ts'

const UNPACK_MS = 10 * 60_000
const SMALL_MS = 30_000
const NO_FOLDER_YET = /Cannot mkdir: No such file or directory|can't make dir/i

/**
 * Unpacks an archive that was checked into its folder of the container, by the container's own tar: whole or absent, because the folder gets its name
 * only after tar had every byte and said that all went well. Of two that do so at once one gives its folder the name. Errors `bad-archive`, `disk-full`, `unpack-failed`.
 */
export async function deliver(
  { client }: RuntimeContext,
  entered: Entered,
  what: { readonly instance: InstanceName; readonly archive: string; readonly paths: InnerPaths },
): Promise<void> {
  const { instance, archive, paths } = what
  const container = { client, instance }
  const partial = `${paths.base}/partial-${randomBytes(6).toString('hex')}`
  const unpack = () =>
    runInContainer(container, ['tar', '-x', '-f', '-', '-C', '/'], {
      timeoutMs: UNPACK_MS,
      stdin: (send) => sendTar(archive, partial.slice(1), send),
    })
  const first = await unpack()
  // Two that unpack at once make the folders above together, and tar gives up when another made each before it did.
  const tar = first.exitCode !== 0 && NO_FOLDER_YET.test(first.stderr.toString('utf8')) ? await unpack() : first
  if (tar.exitCode !== 0) throw unpackFailed(instance, tar.stderr.toString('utf8'))
  await entered.check()
  const renamed = await runInContainer(container, ['mv', '-T', partial, paths.release], { timeoutMs: SMALL_MS })
  if (renamed.exitCode !== 0 && (await pullFile(client, instance, paths.release)) === null)
    throw unpackFailed(instance, renamed.stderr.toString('utf8'))
}

function unpackFailed(instance: InstanceName, said: string): BackflipError {
  const details = said.trimEnd().split('\n').slice(-5)
  if (/No space left on device|quota exceeded/i.test(said)) {
    return new BackflipError(`there is no room left in ${instance}: its storage pool is full`, {
      code: 'disk-full',
      kind: 'failed',
      details,
      hint: 'make room (incus storage list, incus storage info POOL), then: backflip resume',
    })
  }
  return new BackflipError(`the release could not be unpacked in ${instance}`, {
    code: 'unpack-failed',
    kind: 'failed',
    details,
    hint: `incus exec ${instance} -- df -h`,
  })
}
