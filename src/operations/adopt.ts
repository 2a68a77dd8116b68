import type { Environment, RunOptions } from './environment.ts'
import { anchorOf } from './observe.ts'
import { withLease } from './with-lease.ts'

/** Makes this journal the edge's own, in place of another one that the edge knows. What that one knew is not here: the reason is kept. */
export async function adopt(environment: Environment, reason: string, options: RunOptions = {}): Promise<void> {
  await withLease(environment, 'adopt', options, async ({ lease }) => {
    const { edge, journal, actor } = environment
    const { anchor } = await edge.read()
    await journal.append(lease.token, [
      { operation: null, actor, fact: { kind: 'journal-adopted', previous: anchor?.journal ?? null, reason } },
    ])
    await edge.fence({ anchor: await anchorOf(environment), adopt: true })
  })
}
