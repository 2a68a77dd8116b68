import { existsSync, readFileSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { BackflipError } from '../../domain/errors.ts'
import { allOf } from '../../lib/all-of.ts'
import { bootId } from '../../lib/proc.ts'
import type { CachedArtifact, LaunchAsk } from '../../ports/runtime.ts'
import type { ProcessContext } from './context.ts'
import { type Entered, throughFence } from './fence.ts'
import { discard } from './stop.ts'
import { colorInUse, surveyColor } from './survey.ts'

/** Beside the components' folders: in which boot they were unpacked. */
const WITNESS = '.unpacked-in-boot'

/**
 * Unpacks a release into the operation's own folder of the color, whole or not at all, and takes away what other operations left there. Refused
 * while one of their instances runs: error `color-in-use`.
 */
export async function unpackRelease(context: ProcessContext, ask: LaunchAsk): Promise<void> {
  const { color, operation } = ask
  const entered = await context.enter(ask.fencedBy)
  const running = surveyColor(context, color).filter(({ processes }) => processes.length > 0)
  const others = running.filter((run) => run.operation !== operation)
  if (others.length > 0) throw colorInUse(color, others)
  const folder = context.layout.unpacked(color, operation)
  if (isWhole(folder) || running.length > 0) return
  // Ours from before a reboot goes too: its names survived, its bytes may not have.
  await discard(context, entered, color, () => true)
  await unpackInto(
    context,
    entered,
    folder,
    ask.manifest.components.map(({ name }) => artifactOf(ask.artifacts, name)),
  )
}

/** Each file was flushed, its folders and this witness were not: only the boot that wrote them believes its own page cache. */
function isWhole(folder: string): boolean {
  const witness = join(folder, WITNESS)
  return existsSync(witness) && readFileSync(witness, 'utf8') === bootId()
}

/** Into a folder of this generation first, then renamed: one step, and none for a writer who was overtaken. */
export async function unpackInto(
  context: ProcessContext,
  entered: Entered,
  folder: string,
  artifacts: readonly CachedArtifact[],
): Promise<void> {
  const partial = entered.temporary('partial')
  await throughFence(entered, () => mkdir(partial, { mode: 0o700 }))
  try {
    await allOf(artifacts.map(({ component, path }) => context.unpack(path, join(partial, component))))
    await writeFile(join(partial, WITNESS), bootId(), { mode: 0o600 })
    await mkdir(join(folder, '..'), { recursive: true, mode: 0o700 })
    await entered.check()
    await rename(partial, folder)
  } catch (error) {
    await rm(partial, { recursive: true, force: true })
    await entered.check()
    throw error
  }
}

export function artifactOf(artifacts: readonly CachedArtifact[], component: string): CachedArtifact {
  const found = artifacts.find((artifact) => artifact.component === component)
  if (found !== undefined) return found
  throw new BackflipError(`the artifact of ${component} was not given`, { code: 'missing-artifact', kind: 'failed' })
}
