import { type DatabaseWorld, databaseContract } from '../contract/database.ts'
import { copyOf, type FakeServer, fakeDatabase, fakeServer, writeFake } from './database.ts'

/** What the simulator believes of a database is what PostgreSQL does: one suite for both. */
databaseContract('the fake', async () => worldOf(fakeServer()))

function worldOf(server: FakeServer): DatabaseWorld {
  const ids = (from: number, count: number) => Array.from({ length: count }, (_, index) => from + index)
  const write = async (from: number, count: number, what: (id: number) => string | null) =>
    writeFake(server, 'public.orders', ids(from, count), what)
  return {
    database: fakeDatabase(server),
    insert: (from, count) => write(from, count, () => 'order'),
    update: (from, count) => write(from, count, (id) => `${server.tables.get('public.orders')?.get(id)}!`),
    remove: (from, count) => write(from, count, () => null),
    insertAndRollBack: async () => undefined,
    openSession: async () => void server.sessions++,
    copy: async () => worldOf(copyOf(server)),
    close: async () => undefined,
  }
}
