import type { Color } from '../domain/color.ts'
import type { Sha } from '../domain/ids.ts'
import type { EdgeView } from '../ports/edge.ts'
import type { ListedInstance } from '../ports/runtime.ts'
import type { Environment } from './environment.ts'

/** Why a color could not take traffic as that release right now, one line an instance; empty when it could. */
export async function standbyProblems(
  { runtime, cache }: Environment,
  color: Color,
  sha: Sha,
  view: EdgeView,
): Promise<readonly string[]> {
  const found = await cache.find(sha)
  const instances = (await runtime.list()).filter((one) => one.color === color)
  const expected =
    found === null
      ? null
      : runtime.addresses(color, found.manifest).flatMap(({ servers }) => servers.map(({ name }) => name))
  return [...missing(expected, instances), ...notRunning(instances, sha), ...edgeSeesDown(view, color)]
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
