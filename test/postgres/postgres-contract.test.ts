import { type DatabaseWorld, databaseContract } from '../contract/database.ts'
import { APP_ROLE, Cluster } from './cluster.ts'

databaseContract('PostgreSQL', async () => {
  const cluster = await Cluster.make()
  await cluster.sql('CREATE TABLE orders (id int PRIMARY KEY, what text NOT NULL)', { role: APP_ROLE })
  return worldOf(cluster)
})

function worldOf(cluster: Cluster): DatabaseWorld {
  const sessions: { close(): Promise<void> }[] = []
  const app = async (script: string) => void (await cluster.sql(script, { role: APP_ROLE }))
  const insert = (from: number, count: number) =>
    `INSERT INTO orders SELECT g, 'order' FROM generate_series(${from}, ${from + count - 1}) g;`
  const those = (from: number, count: number) => `id BETWEEN ${from} AND ${from + count - 1}`
  return {
    database: cluster.database,
    insert: (from, count) => app(insert(from, count)),
    update: (from, count) => app(`UPDATE orders SET what = what || '!' WHERE ${those(from, count)};`),
    remove: (from, count) => app(`DELETE FROM orders WHERE ${those(from, count)};`),
    insertAndRollBack: (from, count) => app(`BEGIN; ${insert(from, count)} ROLLBACK;`),
    async openSession() {
      sessions.push(await cluster.openSession())
    },
    copy: async () => worldOf(await cluster.copy()),
    async close() {
      for (const session of sessions) await session.close()
      await cluster.close()
    },
  }
}
