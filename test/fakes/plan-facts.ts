import type { Color } from '../../src/domain/color.ts'
import type { EnvironmentRecord } from '../../src/domain/history/record.ts'
import type { Sha } from '../../src/domain/ids.ts'
import type { PlanFacts, ReleaseFacts } from '../../src/domain/plan/facts.ts'
import { APP, ENVIRONMENT, manifest, operationId } from './history.ts'

/** Facts as an observer would hand them to a planner, with an edge that agrees with the record. */
export function factsOf(record: EnvironmentRecord, changes: Partial<PlanFacts> = {}): PlanFacts {
  return {
    app: APP,
    environment: ENVIRONMENT,
    operation: operationId(999),
    record,
    edge: { live: record.live?.color ?? 'none', candidate: null, share: 0, generation: 7 },
    settings: {
      check: { consecutive: 3, intervalMs: 100, limitMs: 5000 },
      verify: { bakeMs: 1000, intervalMs: 100, minRequests: 10, maxErrorRate: 0.02 },
      drain: { policy: 'leave', afterMs: 0 },
      snapshots: { keepMs: 86_400_000, minFreeBytes: 0, allowStop: false, verify: true, keepReplacedMs: 86_400_000 },
      environment: { STAGE: 'test' },
    },
    data: [],
    lockTimeoutMs: 5_000,
    addresses: (color: Color, of) =>
      of.components.map(({ name, routes, health }, index) => ({
        name,
        routes,
        health,
        servers: [
          {
            name: `hello-local-${name}-${color}`,
            host: '127.0.0.1',
            port: (color === 'blue' ? 20_000 : 20_100) + index,
          },
        ],
      })),
    reason: null,
    ...changes,
  }
}

export function release(sha: Sha, components?: readonly string[]): ReleaseFacts {
  return { sha, manifest: manifest(sha, components) }
}
