import type { DataServiceFacts } from '../domain/plan/facts.ts'
import type { Environment } from './environment.ts'

/** Every data service as a planner needs it: above all the names of snapshots that are taken. Error `data-unknown` when one does not answer. */
export async function lookAtData({ data }: Pick<Environment, 'data'>): Promise<readonly DataServiceFacts[]> {
  return Promise.all(
    data.map(async (service) => {
      const { snapshots, isAtomic } = await service.look()
      const { name, kind, instance } = service
      return { name, kind, instance, isAtomic, snapshots: snapshots.map((one) => one.name) }
    }),
  )
}
