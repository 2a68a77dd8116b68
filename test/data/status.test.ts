import { expect, it } from 'vitest'
import { renderStatus } from '../../src/cli/render/status.ts'
import { status } from '../../src/operations/status.ts'
import { verifySnapshot } from '../../src/operations/verify-snapshot.ts'
import { BEFORE_2, restored, Shop } from './shop.ts'

const shown = async (shop: Shop) =>
  renderStatus(await shop.type('ann', (environment) => status(environment)), (_kind, text) => text).join('\n')

it('says of each data service whether it runs, its newest snapshot, and whether that was proved', async () => {
  const shop = await Shop.open()
  expect(await shown(shop)).toContain(`data       data container running   ${BEFORE_2}, not yet verified`)
  const taken = (await shop.record()).snapshots.at(-1)
  if (taken === undefined) throw new Error('no snapshot was taken')
  await shop.type('ann', (environment) => verifySnapshot(environment, taken))
  expect(await shown(shop)).toContain(`${BEFORE_2}, verified `)
  await shop.type('ann', restored({ snapshot: BEFORE_2 }))
  expect(await shown(shop)).toMatch(/pre-restore-.*keeps data-kept-/)
})

it('a proof that fails is said, and writes nothing else', async () => {
  const shop = await Shop.open()
  shop.live.snapshots.get(BEFORE_2)?.server.torn.add(1)
  const taken = (await shop.record()).snapshots.at(-1)
  if (taken === undefined) throw new Error('no snapshot was taken')
  const { proof } = await shop.type('ann', (environment) => verifySnapshot(environment, taken))
  expect(proof.isVerified).toBe(false)
  expect(await shown(shop)).toContain('its proof FAILED')
  expect(shop.names()).toEqual([shop.store.instance])
})

it('I9: a data service that does not answer is said to be unseen', async () => {
  const shop = await Shop.open()
  shop.store.isDown = true
  expect(await shown(shop)).toContain('not seen: nobody answers for the data service')
})
