import type { Color } from '../domain/color.ts'
import type { Sha } from '../domain/ids.ts'
import type { EdgeView } from '../ports/edge.ts'
import type { ListedInstance } from '../ports/runtime.ts'
import type { Environment } from './environment.ts'
import { whoMayStillWrite } from './older-writers.ts'

/**
 * Why a color could not take traffic as that release right now, one line an instance; empty when it could. Of instances that nobody could look at
 * (`listed` is null) the edge's health checks speak, and whoever may still change them.
 */
export async function standbyProblems(
  environment: Environment,
  color: Color,
  sha: Sha,
  { view, listed }: { readonly view: EdgeView; readonly listed: readonly ListedInstance[] | null },
): Promise<readonly string[]> {
  const { runtime, cache } = environment
  if (listed === null) return [...edgeSeesDown(view, color), ...(await othersAtWork(environment))]
  const found = await cache.find(sha)
  const instances = listed.filter((one) => one.color === color)
  const expected =
    found === null
      ? null
      : runtime.addresses(color, found.manifest).flatMap(({ servers }) => servers.map(({ name }) => name))
  return [...missing(expected, instances), ...notRunning(instances, sha), ...edgeSeesDown(view, color)]
}

async function othersAtWork(environment: Environment): Promise<readonly string[]> {
  const who = await whoMayStillWrite(environment, null)
  return who === null ? [] : [`the runtime does not answer, and ${who}`]
}

function missing(expected: readonly string[] | null, instances: readonly ListedInstance[]): readonly string[] {
  if (expected === null) return instances.length === 0 ? ['no instance of it is there'] : []
  return expected.filter((name) => !instances.some((one) => one.name === name)).map((name) => `${name}: not there`)
}

function notRunning(instances: readonly ListedInstance[], sha: Sha): readonly string[] {
  return instances.flatMap((one) => {
    if (one.state === 'unknown') return [`${one.name}: its host does not answer`]
    if (one.state === 'stopped')
      return [
        `${one.name}: stopped${one.since === null ? '' : ` since ${one.since}`}${one.exit === null ? '' : ` (${one.exit})`}`,
      ]
    return one.sha === sha ? [] : [`${one.name}: runs ${one.sha.slice(0, 12)}`]
  })
}

function edgeSeesDown(view: EdgeView, color: Color): readonly string[] {
  if (view.memory === null) return ['the edge does not run']
  const servers = view.servers[color]
  if (servers.length === 0) return [`the edge knows no server of ${color}`]
  return servers
    .filter(({ up, total }) => up < total)
    .map(({ component, up, total }) => `${component}: the edge sees ${up} of ${total} up`)
}
