import { parseDataServiceName } from '../../src/domain/ids.ts'
import { type DataWorld, type Death, dataServiceContract } from '../contract/data-service.ts'
import { fakeDataService } from './data-service.ts'
import { container, fakeStore } from './data-store.ts'
import { fakeServer, writeFake } from './database.ts'
import { OPEN_GATE, Operator } from './operator.ts'
import { World } from './world.ts'

/** What the simulator believes of storage is what Incus does: one suite for both. */
dataServiceContract('the fake', async () => fakeDataWorld('postgres', true))
dataServiceContract('the fake without atomic snapshots', async () => fakeDataWorld('files', false))

const NAME = parseDataServiceName('data')
const TABLE = 'public.orders'

function fakeDataWorld(kind: DataWorld['kind'], isAtomic: boolean): DataWorld {
  const world = new World()
  const store = fakeStore({ kind, isAtomic })
  world.data.set(NAME, store)
  let pids = 0
  const found = (name: string) => {
    const one = store.containers.get(name)
    if (one === undefined) throw new Error(`there is no ${name}`)
    return one
  }
  return {
    kind,
    isAtomic,
    open(death) {
      const operator = new Operator(++pids, 'ann')
      if (death !== undefined) endAt(world, operator, death)
      return fakeDataService(world, operator, NAME)
    },
    openNowhere() {
      const nowhere = new World()
      nowhere.data.set(NAME, { ...fakeStore({ kind }), isDown: true })
      return fakeDataService(nowhere, new Operator(++pids, 'ann'), NAME)
    },
    write: async (id) => writeFake(found(store.instance).server, TABLE, [id], () => 'order'),
    async read(name) {
      const { isRunning, server } = found(name)
      if (!isRunning) throw new Error(`${name} does not run`)
      return [...(server.tables.get(TABLE)?.keys() ?? [])].toSorted((a, b) => a - b)
    },
    seat: async (name) => found(name).seat,
    async addStranger(name) {
      const seat = { address: '10.0.0.9', startsAtBoot: true }
      store.containers.set(name, container({ isOurs: false, isRunning: true, seat, server: fakeServer('1') }))
    },
    instances: async () => [...store.containers.keys()].toSorted(),
    close: async () => undefined,
  }
}

function endAt(world: World, mortal: Operator, death: Death): void {
  const { gate } = world
  let changes = 0
  world.gate = {
    ...OPEN_GATE,
    pass(operator, point) {
      if (operator !== mortal) return gate.pass(operator, point)
      if (point.at === 'change' && point.side === 'before') changes += 1
      if (point.at === 'change' && changes === death.at && point.side === death.side) death.reached = true
      if (death.reached) throw new Error('dead')
      return undefined
    },
  }
}
