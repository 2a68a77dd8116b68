import type { Color } from '../../src/domain/color.ts'
import { type EdgeWorld, edgeContract } from '../contract/edge.ts'
import { journalContract } from '../contract/journal.ts'
import { askPublic, fakeEdge, PREVIEW, previewColor } from './edge.ts'
import { APP, ENVIRONMENT, manifest, operationId, r } from './history.ts'
import { operatorJournal, worldJournal } from './journal.ts'
import { Operator } from './operator.ts'
import { fakeRelease } from './releases.ts'
import { addresses } from './runtime.ts'
import { type FakeInstance, World } from './world.ts'

/** What the simulator believes of an edge and a journal is what the real ones keep: one suite for both. */
edgeContract('the fake', async () => fakeEdgeWorld())

journalContract("an operator's journal in the fake world", async () => {
  const world = new World()
  const operator = new Operator(1, 'ann')
  const shared = worldJournal(world)
  const journal = operatorJournal(world, shared, operator, { appended: () => undefined, taken: () => undefined })
  return { journal, reopen: async () => journal, close: () => journal.close() }
})

function fakeEdgeWorld(): EdgeWorld {
  const world = new World()
  world.edge.running = false
  const one = manifest(r(1), ['web'])
  const colors = { blue: addresses('blue', one), green: addresses('green', one) }
  return {
    edge: fakeEdge(world, new Operator(1, 'ann')),
    topology: { app: APP, environment: ENVIRONMENT, colors },
    setUp: async (color, up) => {
      for (const instance of instancesOf(color, up)) world.runtime.instances.set(instance.name, instance)
    },
    ask: async (headers = {}) => {
      const color = headers[PREVIEW.header] === PREVIEW.token ? previewColor(world) : askPublic(world)
      return { status: color === null ? 503 : 200, color, release: color === null ? null : world.edge.names[color] }
    },
    restart: async () => world.restartEdge(),
    close: async () => undefined,
  }
}

function instancesOf(color: Color, up: boolean): readonly FakeInstance[] {
  const release = fakeRelease(r(1), 'good', null, ['web'])
  return addresses(color, release.manifest).flatMap(({ name: component, servers }) =>
    servers.map((address) => ({
      name: address.name,
      component,
      color,
      state: up ? ('running' as const) : ('stopped' as const),
      sha: release.sha,
      operation: operationId(1),
      address,
      since: null,
      beganMs: null,
      exit: null,
      release,
      died: false,
    })),
  )
}
