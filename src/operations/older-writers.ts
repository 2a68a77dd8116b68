import type { Holder } from '../domain/journal.ts'
import type { Environment } from './environment.ts'

/** Of a journal that says nothing newer nobody knows who else wrote. An operation writes some dozens. */
const MAX_ENTRIES = 1_000

/**
 * Whether an order to the runtime may still come from before us although the runtime cannot be told of us: in words who could give one, or null when
 * nobody is left. It takes no order under a generation that is smaller than the one it was told last. Whoever has that one, or a later one that it
 * was not told, has held the lease since: each of them must be gone, as this host's kernel sees it. What they had sent before, a fence could not
 * call back either. `own` is the token of our lease; null for a look.
 */
export async function whoMayStillWrite(
  { journal, liveness }: Pick<Environment, 'journal' | 'liveness'>,
  own: number | null,
): Promise<string | null> {
  const holders = await holdersSinceItWasTold(journal, own)
  if (holders === null) return 'the journal does not say who changed the instances last'
  for (const holder of holders) {
    const { actor, host, pid } = holder
    if ((await liveness.check(holder)) !== 'dead')
      return `${actor}, process ${pid} on ${host}, may still change the instances`
  }
  return null
}

/** Null when nobody can say: another journal had the environment, or it is too long ago. */
async function holdersSinceItWasTold(
  journal: Environment['journal'],
  own: number | null,
): Promise<readonly Holder[] | null> {
  const holders: Holder[] = []
  let told: number | null = null
  for (const { fact, token } of await journal.read({ newestFirst: true, limit: MAX_ENTRIES })) {
    if (fact.kind === 'journal-adopted') return null
    // Written under the lease whose generation the runtime was told just before.
    if (fact.kind === 'operation-started' && fact.untold === undefined) told ??= token
    if (fact.kind !== 'lease-taken' || fact.lease.token === own) continue
    // A person who keeps the others out changes nothing.
    if (fact.lease.kind === 'operation') holders.push(fact.lease.holder)
    if (fact.lease.token === told) return holders
  }
  return null
}
