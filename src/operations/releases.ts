import { goodReleases, lastGoodBefore, pinnedReleases } from '../domain/history/good.ts'
import type { EnvironmentRecord } from '../domain/history/record.ts'
import { type Sha, short } from '../domain/ids.ts'
import { planRetention } from '../domain/retention.ts'
import type { Environment } from './environment.ts'
import { loadRecord } from './record.ts'

const MAX_LISTED = 1_000

export interface ReleaseLine {
  readonly sha: Sha
  /** Null when the registry no longer has it. */
  readonly publishedAt: string | null
  readonly cached: boolean
  readonly roles: readonly ('live' | 'standby' | 'good' | 'blocked' | 'next rollback')[]
  /** Among those that the next clean-up of the registry would remove. */
  readonly expires: boolean
}

export interface ReleasesReport {
  readonly lines: readonly ReleaseLine[]
  /** A way back that is about to be lost, or is lost on one side. */
  readonly warnings: readonly string[]
}

/** What can be deployed and gone back to, newest first, with a warning before a way back is lost. */
export async function releases(environment: Environment): Promise<ReleasesReport> {
  const { journal, registry, cache, settings } = environment
  const record = await loadRecord(journal)
  const published = await registry.list(MAX_LISTED)
  const pins = pinnedReleases(record)
  const expiring = planRetention({ published: published.map(({ sha }) => sha), pins, retain: settings.retainReleases })
  const shas = [...new Set([...published.map(({ sha }) => sha), ...pins])]
  const lines = await Promise.all(
    shas.map(async (sha): Promise<ReleaseLine> => {
      const publishedAt = published.find((one) => one.sha === sha)?.publishedAt ?? null
      return {
        sha,
        publishedAt,
        cached: (await cache.find(sha)) !== null,
        roles: rolesOf(record, sha),
        expires: expiring.includes(sha),
      }
    }),
  )
  return { lines, warnings: lines.filter(({ sha }) => pins.includes(sha)).flatMap(warn) }
}

function rolesOf(record: EnvironmentRecord, sha: Sha): ReleaseLine['roles'] {
  const held = record.colors.blue.sha === sha || record.colors.green.sha === sha
  return [
    ...(record.live?.sha === sha ? (['live'] as const) : held ? (['standby'] as const) : []),
    ...(goodReleases(record).includes(sha) ? (['good'] as const) : []),
    ...(record.blocked.some((one) => one.sha === sha) ? (['blocked'] as const) : []),
    ...(lastGoodBefore(record) === sha ? (['next rollback'] as const) : []),
  ]
}

function warn({ sha, publishedAt, cached }: ReleaseLine): readonly string[] {
  if (publishedAt !== null && cached) return []
  if (publishedAt === null && !cached) return [`${short(sha)} is lost: neither the registry nor this host has it`]
  return [
    publishedAt === null
      ? `the registry no longer has ${short(sha)}; this host's cache does`
      : `${short(sha)} is not in this host's cache; the registry has it`,
  ]
}

/** Removes what the retention rule lets go, from the registry and from the cache. The pins stay. */
export async function pruneReleases(environment: Environment): Promise<readonly Sha[]> {
  const { journal, registry, cache, settings } = environment
  const pins = pinnedReleases(await loadRecord(journal))
  const published = (await registry.list(MAX_LISTED)).map(({ sha }) => sha)
  const gone = planRetention({ published, pins, retain: settings.retainReleases })
  for (const sha of gone) await registry.remove(sha)
  await cache.prune([...pins, ...published.slice(0, settings.retainReleases)])
  return gone
}
