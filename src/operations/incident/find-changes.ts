import type { Sha } from '../../domain/ids.ts'
import type { IncidentOperation, ReleaseChange } from '../../domain/incident/report.ts'
import type { Manifest } from '../../domain/release.ts'
import { diffManifests } from '../diff.ts'
import type { Environment } from '../environment.ts'
import { isUnseen, look } from '../look.ts'

const MAX_RELEASES = 20

/** What the deploys changed, by what this host has of the releases: a registry is not waited for. */
export function findChanges(
  environment: Environment,
  operations: readonly IncidentOperation[],
): Promise<readonly ReleaseChange[]> {
  const deploys = operations.flatMap(({ kind, target, from }) =>
    kind === 'deploy' && target !== null ? [{ sha: target.sha, from: from?.sha ?? null }] : [],
  )
  const once = deploys.filter((one, index) => deploys.findIndex(({ sha }) => sha === one.sha) === index)
  return Promise.all(once.slice(-MAX_RELEASES).map((one) => changeOf(environment, one)))
}

async function changeOf(
  environment: Environment,
  { sha, from }: Pick<ReleaseChange, 'sha' | 'from'>,
): Promise<ReleaseChange> {
  const manifest = await manifestOf(environment, sha)
  const before = from === null ? null : await manifestOf(environment, from)
  const known = { sha, from, builtBy: manifest?.builtBy ?? null, builtAt: manifest?.builtAt ?? null }
  if (manifest === null || before === null) return { ...known, difference: null }
  const { components, migrations } = diffManifests(before, manifest)
  const changed = components.filter(({ change }) => change !== 'same').map(({ component }) => component)
  return { ...known, difference: { components: changed, migrations } }
}

async function manifestOf(environment: Environment, sha: Sha): Promise<Manifest | null> {
  const found = environment.cache.find(sha).then((release) => ({ manifest: release?.manifest ?? null }))
  const seen = await look(environment, found)
  return isUnseen(seen) ? null : seen.manifest
}
