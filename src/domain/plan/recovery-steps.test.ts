import { describe, expect, it } from 'vitest'
import { History, operationId, r } from '../../../test/fakes/history.ts'
import { factsOf, release } from '../../../test/fakes/plan-facts.ts'
import type { SnapshotRecord } from '../history/record.ts'
import { parseDataServiceName, parseSnapshotName } from '../ids.ts'
import type { CountLostParams, RecoverParams, ReplaceParams } from './params.ts'
import type { ServiceRecovery } from './recovery-steps.ts'
import { planRestore } from './restore.ts'

const [DB, UPLOADS] = [parseDataServiceName('db'), parseDataServiceName('uploads')]
const SNAPSHOT = parseSnapshotName(`pre-deploy-${r(2)}`)
const NOW = `pre-restore-${operationId(999)}`
const RECOVERY: ServiceRecovery = {
  service: DB,
  backup: { label: '20261125-140316F', type: 'full', finishedAt: '2026-11-25T14:03:20.000Z', sizeBytes: 1_000 },
  logBytes: 16,
  point: { name: 'x-700', lsn: '0/30034E0' },
}

function planned(recoveries: readonly ServiceRecovery[]) {
  const { record } = new History().deploy(1).deploy(2)
  const facts = factsOf(record, {
    data: [
      { name: DB, kind: 'postgres', instance: 'shop-db', snapshots: [], isAtomic: true },
      { name: UPLOADS, kind: 'files', instance: 'shop-files', snapshots: [SNAPSHOT], isAtomic: true },
    ],
  })
  const taken = [DB, UPLOADS].map((service): SnapshotRecord => {
    const unproved = { verified: 'not-yet', verifiedAt: null, verifyMs: null, recoveredTo: null, checks: [] } as const
    const at = { takenAt: '2026-01-01T00:00:00.000Z', expiresAt: null }
    return { service, snapshot: SNAPSHOT, ...at, live: r(1), before: 'deploy', operation: operationId(2), ...unproved }
  })
  const target = { kind: 'snapshot', snapshot: SNAPSHOT, taken, recoveries } as const
  const plan = planRestore(facts, {
    target,
    live: release(r(2)),
    standby: release(r(1)),
    maxLost: 7,
    exportFolder: null,
  })
  const params = <P>(id: string) => plan.steps.find((one) => one.id === id)?.params as unknown as P
  return { plan, ids: plan.steps.map(({ id }) => id), params }
}

describe('a plan that restores a database from its backups, and files from their snapshot', () => {
  const { plan, ids, params } = planned([RECOVERY])

  it('knows before users are kept away that the point can be reached, and recovers before the snapshot of now, which has to hold it', () => {
    const order = ['check-recovery', 'raise-maintenance', 'stop-writers', 'recover-data', 'snapshot-data', 'copy-data']
    const rest = ['place-recovered', 'verify-copy', 'swap-data', 'lower-maintenance']
    const all = [...order, ...rest]
    expect(ids.filter((id) => all.includes(id))).toEqual(all)
  })

  it('copies the database from the snapshot of now and the files from theirs', () => {
    const { services } = params<ReplaceParams>('copy-data')
    expect(services).toMatchObject([
      { service: DB, snapshot: NOW, recovered: true },
      { service: UPLOADS, snapshot: SNAPSHOT },
    ])
    expect(services[1]).not.toHaveProperty('recovered')
    const [db] = services
    const recovering = { service: DB, backup: RECOVERY.backup.label, mark: db?.mark, copy: db?.copy }
    for (const id of ['check-recovery', 'recover-data', 'place-recovered'])
      expect(params<RecoverParams>(id)).toEqual({ services: [recovering] })
  })

  it('counts the loss from the restore point on, and says where the data comes from', () => {
    expect(params<CountLostParams>('count-lost').services).toMatchObject([
      { service: DB, from: RECOVERY.point.lsn },
      { service: UPLOADS, from: null },
    ])
    expect(plan.because.join()).toContain('db comes from the full backup 20261125-140316F')
  })

  it('has nothing of all that when everything comes from snapshots', () => {
    const { ids: plain, params: of } = planned([])
    expect(plain.filter((id) => /recover/.test(id))).toEqual([])
    expect(of<ReplaceParams>('copy-data').services.map(({ snapshot }) => snapshot)).toEqual([SNAPSHOT, SNAPSHOT])
  })
})
