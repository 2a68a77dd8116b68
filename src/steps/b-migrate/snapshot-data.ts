import type { DataServiceName } from '../../domain/ids.ts'
import type { Effect } from '../../domain/journal.ts'
import type { SnapshotDataParams } from '../../domain/plan/params.ts'
import { defineStep, type StepContext, type StepResult } from '../../engine/step.ts'
import type { DataSnapshot } from '../../ports/data-service.ts'
import { serviceOf, startLive } from '../data.ts'
import type { StepPorts } from '../ports.ts'

/**
 * B: one snapshot of every data service, at once, before anything is migrated. Kept when the operation fails: no snapshot is destroyed without
 * an order (I6). The names were free when the plan was made, so a repeat takes what is there for its own. One that was taken by somebody who
 * died before he wrote it down, and was given up, belongs to no operation: nobody needs it, and the storage removes it when its time is over.
 */
export const snapshotData = defineStep<StepPorts, SnapshotDataParams>({
  id: 'snapshot-data',
  limits: { attempts: 2, timeoutMs: 30 * 60_000 },
  async check(params, { ports }) {
    const found = await Promise.all(
      params.services.map(async ({ service, snapshot }) => {
        const { snapshots } = await serviceOf(ports, service).look()
        return { service, made: snapshots.find(({ name }) => name === snapshot) }
      }),
    )
    const taken = found.flatMap(({ service, made }) => (made === undefined ? [] : [{ ...made, service }]))
    // What was stopped for it must answer again, or it is not over: `execute` sees to that.
    const isOver = taken.length === found.length && params.services.every(({ stopFirst }) => !stopFirst)
    return isOver ? snapshotted(params, taken) : 'unknown'
  },
  async execute(params, context) {
    const { ports, say } = context
    const expiresAt = new Date(Date.parse(ports.clock.now()) + params.keepMs).toISOString()
    const taken = await Promise.all(params.services.map((one) => snapshotOne({ ...one, expiresAt }, context)))
    if (taken.length > 1) say(`taken within ${skewOf(taken)} ms of each other`)
    return snapshotted(params, taken)
  },
  // The snapshots stay. What somebody stopped for one, and then died, runs again.
  async undo({ services }, context) {
    for (const { service, stopFirst } of services) if (stopFirst) await startLive(service, context)
    return []
  },
  manual: ({ services }) => [
    ...services.map(({ service }) => `start the data service ${service}`),
    'then: backflip resume',
  ],
})

type Taken = DataSnapshot & { readonly service: DataServiceName }
type One = SnapshotDataParams['services'][number] & { readonly expiresAt: string }

async function snapshotOne(
  { service: name, snapshot, stopFirst, expiresAt }: One,
  context: StepContext<StepPorts>,
): Promise<Taken> {
  const { ports, generation: fencedBy } = context
  const made = await serviceOf(ports, name).snapshot({ name: snapshot, expiresAt, stopFirst, fencedBy })
  // It was started again; whoever comes next, a migration say, needs it to answer.
  if (stopFirst) await startLive(name, context)
  return { ...made, service: name }
}

function snapshotted({ live, before }: SnapshotDataParams, taken: readonly Taken[]): StepResult {
  const effects = taken.map(
    ({ service, name, createdAt, expiresAt }): Effect => ({
      effect: 'snapshot-taken',
      service,
      snapshot: name,
      takenAt: createdAt,
      expiresAt,
      live,
      before,
    }),
  )
  return { output: { skewMs: skewOf(taken), snapshots: taken.map(({ name }) => name) }, effects }
}

/** Between the first and the last: what the services may disagree about. */
function skewOf(taken: readonly Pick<DataSnapshot, 'createdAt'>[]): number {
  const at = taken.map(({ createdAt }) => Date.parse(createdAt))
  return Math.max(...at) - Math.min(...at)
}
