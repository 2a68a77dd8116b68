import { BackflipError } from '../../../domain/errors.ts'
import { allOf } from '../../../lib/all-of.ts'
import { scanArchive } from '../../../lib/archive/send-tar.ts'
import type { CachedArtifact, LaunchAsk } from '../../../ports/runtime.ts'
import type { Entered } from '../fence.ts'
import { patchInstance } from '../instances.ts'
import { type Place, placesOf } from './addresses.ts'
import type { RuntimeContext } from './context.ts'
import { bringUp, type CreateAsk, createContainer, findOurs } from './create.ts'
import { deliver } from './deliver.ts'
import { innerCommand, innerPaths } from './files-in-container.ts'
import { phaseKeys } from './labels.ts'
import { ownedOfColor, refuseOthers } from './list.ts'
import { chooseMembers } from './members.ts'
import { serviceScript } from './rc-script.ts'
import { removeContainers } from './remove.ts'

/**
 * Makes the color's containers anew, all at once, each with its part of the release unpacked in it. What is whole already for this operation stays;
 * whatever else of ours is on the color goes. Nothing is made when an archive is bad, a name is somebody else's, or the color is in use.
 */
export async function unpackRelease(context: RuntimeContext, ask: LaunchAsk): Promise<void> {
  const { color, operation, manifest } = ask
  const entered = await context.enter(ask.fencedBy)
  const places = placesOf(context.config, context.owner, color, manifest)
  const found = await ownedOfColor(context, color)
  refuseOthers(found, color, operation)
  const isWhole = (name: string) =>
    found.some(
      ({ instance, labels, phase }) => instance.name === name && labels.operation === operation && phase !== 'made',
    )
  const missing = places.filter(({ address }) => !isWhole(address.name))
  if (missing.length === 0) return
  const needed = [...new Set(missing.map(({ component }) => component))]
  await Promise.all(needed.map((component) => scanArchive(artifactOf(ask.artifacts, component).path)))
  await Promise.all(missing.map(({ address }) => findOurs(context, address.name)))
  const over = found.filter(({ instance }) => !isWhole(instance.name))
  await removeContainers(context, entered, over)
  const members = await chooseMembers(context, color, places)
  await allOf(missing.map((place) => makeOne(context, entered, ask, place, members.get(place.address.name))))
}

async function makeOne(
  context: RuntimeContext,
  entered: Entered,
  ask: LaunchAsk,
  place: Place,
  target: string | undefined,
): Promise<void> {
  const { client, config } = context
  const { component, color, nth, address, release } = place
  const { operation, manifest } = ask
  const paths = innerPaths(config, operation)
  const argv = innerCommand(paths, release.command)
  const container: CreateAsk = {
    name: address.name,
    labels: {
      component,
      color,
      oneOff: null,
      sha: manifest.sha,
      operation,
      generation: entered.generation,
      nth,
      host: address.host,
      port: address.port,
      stopTimeoutMs: release.stopTimeoutMs,
    },
    script: config.service === 'script' ? serviceScript({ paths, argv }) : null,
    ...(target === undefined ? {} : { target }),
  }
  await createContainer(context, entered, container)
  await bringUp(context, container)
  await deliver(context, entered, { instance: address.name, archive: artifactOf(ask.artifacts, component).path, paths })
  await patchInstance(client, address.name, { config: phaseKeys('unpacked') })
}

export function artifactOf(artifacts: readonly CachedArtifact[], component: string): CachedArtifact {
  const found = artifacts.find((artifact) => artifact.component === component)
  if (found !== undefined) return found
  throw new BackflipError(`the artifact of ${component} was not given`, { code: 'missing-artifact', kind: 'failed' })
}
