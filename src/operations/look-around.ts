import type { EdgeView } from '../ports/edge.ts'
import type { ListedInstance } from '../ports/runtime.ts'
import type { Surroundings } from './environment.ts'
import { look, type Unseen } from './look.ts'

/** What can be seen of an environment whose journal cannot be read: a newer version wrote it, or it is damaged. */
export interface Sight {
  readonly app: string
  readonly environment: string
  readonly edge: EdgeView | Unseen
  readonly instances: readonly ListedInstance[] | Unseen
}

/** I9: a bounded look at the edge and at what runs. Nothing is judged: what is right only the journal knows. */
export async function lookAround(surroundings: Surroundings): Promise<Sight> {
  const { config, settings, edge, runtime } = surroundings
  const [view, instances] = await Promise.all([look(surroundings, edge.read()), look(surroundings, runtime.list())])
  return { app: config.app, environment: settings.name, edge: view, instances }
}
