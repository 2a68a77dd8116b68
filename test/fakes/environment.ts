import type { Config, EnvironmentConfig } from '../../src/config/types.ts'
import { sha256Hex } from '../../src/lib/sha256.ts'
import type { Environment } from '../../src/operations/environment.ts'
import type { Journal } from '../../src/ports/journal.ts'
import { fakeCache } from './cache.ts'
import { fakeDataService } from './data-service.ts'
import { fakeEdge } from './edge.ts'
import { APP, ENVIRONMENT, operationId } from './history.ts'
import { fakeHooks } from './hooks.ts'
import { type JournalWatch, operatorJournal } from './journal.ts'
import { fakeLiveness } from './liveness.ts'
import { fakeLocks } from './locks.ts'
import type { Operator } from './operator.ts'
import { fakeProbe } from './probe.ts'
import { fakeRegistry } from './registry.ts'
import { fakeRuntime } from './runtime.ts'
import type { World } from './world.ts'

export const SETTINGS: EnvironmentConfig = {
  name: ENVIRONMENT,
  stateFolder: '/state',
  edge: {
    driver: 'haproxy',
    mode: 'managed',
    bind: { host: '127.0.0.1', port: 8080 },
    publicUrl: 'http://edge',
    folder: '/state/edge',
    binary: 'haproxy',
    configFiles: [],
    masterSocket: null,
    adminSocket: null,
    maintenance: { retryAfterSeconds: 30, healthPaths: [] },
  },
  edgeTransport: { driver: 'local' },
  incus: null,
  data: [],
  snapshots: {
    keepMs: 86_400_000,
    minFreeBytes: 0,
    allowStop: false,
    verify: true,
    keepReplacedMs: 86_400_000,
  },
  runtime: { driver: 'process', ports: { first: 20_000, last: 20_199 } },
  registry: { driver: 'directory', path: '/registry' },
  environment: { STAGE: 'test' },
  check: { consecutive: 2, intervalMs: 100, limitMs: 400 },
  verify: { bakeMs: 200, intervalMs: 100, minRequests: 10, maxErrorRate: 0.1 },
  drain: { policy: 'leave', afterMs: 0 },
  standbyKeepMs: null,
  retainReleases: 30,
  migrations: { secondPerson: false },
  hooksFolder: null,
}

const CONFIG: Config = { file: '/backflip.yaml', app: APP, components: [], migrate: null, environments: [SETTINGS] }

const NOBODY: JournalWatch = { appended: () => undefined, taken: () => undefined }

export interface FakeEnvironmentAsk {
  readonly world: World
  readonly journal: Journal
  readonly operator: Operator
  readonly watch?: JournalWatch
  /** Operations get numbers from here. */
  readonly numbers: { next: number }
}

/** Everything an operation may use, as one operator's process sees the world. */
export function fakeEnvironment({
  world,
  journal,
  operator,
  watch = NOBODY,
  numbers,
}: FakeEnvironmentAsk): Environment {
  return {
    config: CONFIG,
    settings: SETTINGS,
    journal: operatorJournal(world, journal, operator, watch),
    edge: fakeEdge(world, operator),
    runtime: fakeRuntime(world, operator),
    registry: fakeRegistry(world, operator),
    cache: fakeCache(world, operator),
    probe: fakeProbe(world, operator),
    data: [...world.data.keys()].map((name) => fakeDataService(world, operator, name)),
    texts: {
      keep: async (text) => {
        const sha256 = sha256Hex(text)
        world.texts.set(sha256, text)
        return sha256
      },
      read: async (sha256) => world.texts.get(sha256) ?? null,
    },
    locks: fakeLocks(world, operator),
    usage: {
      read: async (sha) => world.usage.get(sha) ?? null,
      write: async (usage) => void world.usage.set(usage.sha, usage),
    },
    liveness: fakeLiveness(world, operator),
    hooks: fakeHooks(world, operator),
    clock: world.clock.of(operator),
    newOperationId: () => {
      numbers.next += 1
      return operationId(numbers.next)
    },
    actor: operator.actor,
  }
}
