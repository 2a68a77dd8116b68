import { isIncusError } from '../errors.ts'
import { patchInstance } from '../instances.ts'
import type { RuntimeContext } from './context.ts'
import { PROTECTED, PROTECTION } from './create.ts'
import { findOwned } from './list.ts'

/**
 * A container whose protection an overtaken writer took away gets it back before anybody counts on it: its order to delete may still be on the way.
 */
export async function protectAll(context: Pick<RuntimeContext, 'client' | 'owner'>): Promise<void> {
  const open = (await findOwned(context)).filter(({ instance }) => instance.config[PROTECTION] !== 'true')
  await Promise.all(
    open.map(async ({ instance }) => {
      try {
        await patchInstance(context.client, instance.name, { config: PROTECTED })
      } catch (error) {
        if (!isIncusError(error, 'incus-not-found')) throw error
      }
    }),
  )
}
