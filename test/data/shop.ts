import { type DataServiceName, parseDataServiceName, type SnapshotName } from '../../src/domain/ids.ts'
import { deploy, prepareDeploy } from '../../src/operations/deploy.ts'
import type { Environment, RunOptions } from '../../src/operations/environment.ts'
import { loadRecord } from '../../src/operations/record.ts'
import { abort, resume } from '../../src/operations/recover.ts'
import { prepareRestore, type RestoreRequest, restore, showRestore } from '../../src/operations/restore.ts'
import { prepareRunSql, runSql } from '../../src/operations/run-sql.ts'
import { type FakeContainer, type FakeStore, fakeStore } from '../fakes/data-store.ts'
import { type FakeServer, writeFake } from '../fakes/database.ts'
import { r } from '../fakes/history.ts'
import { People } from '../fakes/people.ts'
import { backUp } from '../fakes/recovery.ts'

export const DB: DataServiceName = parseDataServiceName('db')
export const BEFORE_2 = `pre-deploy-${r(2)}` as SnapshotName

/** A shop with releases 1 and 2 deployed, a database beside them, ten orders before the second deploy and what `later` writes after it. */
export class Shop extends People {
  readonly store: FakeStore

  constructor(ask: Parameters<typeof fakeStore>[0] = {}) {
    super()
    this.store = fakeStore(ask)
    this.world.data.set(DB, this.store)
    this.publish([1, 'good'], [2, 'good'], [3, 'good'])
  }

  static async open(ask: Parameters<typeof fakeStore>[0] = {}): Promise<Shop> {
    const shop = new Shop(ask)
    await shop.type('ann', deployed(1))
    shop.order(1, 10)
    if (shop.store.repository !== null) backUp(shop.store)
    await shop.type('ann', deployed(2))
    return shop
  }

  get live(): FakeContainer {
    const found = this.store.containers.get(this.store.instance)
    if (found === undefined) throw new Error('no live instance')
    return found
  }

  get server(): FakeServer {
    return this.live.server
  }

  /** One transaction an order. */
  order(from: number, to: number): void {
    for (let id = from; id <= to; id += 1) writeFake(this.server, 'public.orders', [id], () => `order ${id}`)
  }

  orders(): number {
    return this.server.tables.get('public.orders')?.size ?? 0
  }

  record() {
    return loadRecord(this.journal)
  }

  names(): readonly string[] {
    return [...this.store.containers.keys()].toSorted()
  }
}

export const deployed =
  (n: number, options: RunOptions = {}) =>
  async (environment: Environment) =>
    deploy(environment, await prepareDeploy(environment, { sha: r(n), again: false, reason: null }), options)

export interface RestoreWish {
  readonly maxLost?: number | null
  readonly options?: RunOptions
  readonly exportFolder?: string
}

/** As a person would: looks, agrees to what is shown unless another number is given, and goes. */
export const restored =
  (ask: RestoreRequest, { maxLost, options = {}, exportFolder }: RestoreWish = {}) =>
  async (environment: Environment) => {
    const preview = await showRestore(environment, ask)
    const plan = await prepareRestore(environment, preview, {
      maxLost: maxLost === undefined ? preview.transactions : maxLost,
      exportFolder: exportFolder ?? null,
      reason: 'orders were overwritten',
    })
    return restore(environment, plan, options)
  }

export const ranSql =
  (text: string, options: RunOptions = {}) =>
  async (environment: Environment) => {
    const { plan } = await prepareRunSql(environment, {
      file: 'inverse.sql',
      text,
      service: null,
      reason: 'the schema is poisoned',
      inverseOf: '0042_drop_nick',
      lockTimeoutMs: 5_000,
      statementTimeoutMs: 60_000,
    })
    return runSql(environment, plan, options)
  }

export const taken = {
  resume: (environment: Environment) => resume(environment),
  abort: (environment: Environment) => abort(environment),
}
