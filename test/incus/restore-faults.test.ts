import { afterAll, beforeAll, describe } from 'vitest'
import { prepareKills, restoreKills } from './restore-kill.ts'
import { RUNS, restoreRuns } from './restore-runs.ts'
import { type ShopWorld, shopWorld } from './shop-world.ts'

const LIMIT_MS = 180_000

// Proofs in the background would make the kills meet another process.
const shop: ShopWorld = await shopWorld({ environment: ['snapshots: { minFree: 16MiB, verify: false }'] })

let written: Awaited<ReturnType<typeof prepareKills>>

beforeAll(async () => {
  written = await prepareKills(shop)
}, LIMIT_MS)
afterAll(() => shop.end(), LIMIT_MS)

describe('kill -9 of the operator at every step of a restore, on a real Incus', () => {
  restoreKills(shop, () => written)
})
describe(`writers running, a deploy, a restore and its undo, ${RUNS} times on a real Incus`, () => {
  restoreRuns(shop)
})
