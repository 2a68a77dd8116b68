import { parseDataServiceName } from '../../src/domain/ids.ts'
import { type RecoveryCopy, recoveryContract } from '../contract/point-in-time-recovery.ts'
import { fakeDataService } from './data-service.ts'
import { container, fakeRepository, fakeStore } from './data-store.ts'
import { copyOf, writeFake } from './database.ts'
import { Operator } from './operator.ts'
import { backUp } from './recovery.ts'
import { World } from './world.ts'

const NAME = parseDataServiceName('data')

/** What the simulator believes of backups is what pgBackRest does: one suite for both. */
recoveryContract('the fake', async () => {
  const world = new World()
  const store = { ...fakeStore(), repository: fakeRepository() }
  world.data.set(NAME, store)
  const service = fakeDataService(world, new Operator(1, 'ann'), NAME)
  const found = (instance: string) => {
    const one = store.containers.get(instance)
    const [database, recovery] = [service.database(instance), service.recovery(instance)]
    if (one === undefined || database === null || recovery === null) throw new Error(`there is no ${instance}`)
    return { server: one.server, database, recovery }
  }
  const worldOf = (instance: string): RecoveryCopy => {
    const { server, database, recovery } = found(instance)
    return {
      database,
      recovery,
      async insert(from, count) {
        const ids = Array.from({ length: count }, (_, index) => from + index)
        writeFake(server, 'public.orders', ids, () => 'order')
      },
      orders: async () => server.tables.get('public.orders')?.size ?? 0,
      beside: async () => [...server.beside.keys()],
      goLive: async () => undefined,
      close: async () => undefined,
    }
  }
  return {
    ...worldOf(store.instance),
    backup: async () => backUp(store),
    async endLogFile({ fails }) {
      if (fails) store.repository.archiving = 'fails'
      else store.repository.archivedTo = found(store.instance).server.position
    },
    async copy() {
      const { server } = found(store.instance)
      store.containers.set('copy', container({ role: 'copy', isRunning: true, server: copyOf(server) }))
      return worldOf('copy')
    },
  }
})
