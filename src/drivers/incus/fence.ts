import { randomBytes } from 'node:crypto'
import { BackflipError } from '../../domain/errors.ts'
import type { IncusClient } from './client.ts'
import { isIncusError } from './errors.ts'

/** A generation that was let in. */
export interface Entered {
  readonly generation: number
  /** The profile whose name is the generation: gone by that name when a greater one comes, so what is made with it by a late writer is refused. */
  readonly profile: string
  /** Error `fenced` when a greater generation has come since. Ask right before each effect. */
  readonly check: () => Promise<void>
}

/** Each try that fails means that somebody else was let in meanwhile. */
const TRIES = 10

/**
 * Lets a generation in, and everyone below it out. Two control hosts may have two journals, so this is kept where the effects are: the generation is
 * the name of an empty profile, and to come in is to rename it. Incus renames in one step: of two that come at once the smaller one finds no profile
 * to rename, or sees the greater. `scope` is what is fenced, in the words of profile names: `hello.staging`, `data_pg`.
 *
 * Between a `check` and its effect lies one call. What must not fall in there is made with the profile by name, or changed with its ETag.
 * Error `fenced` (kind `held`).
 */
export async function enterFence(client: IncusClient, scope: string, generation: number): Promise<Entered> {
  if (!Number.isSafeInteger(generation) || generation < 0) throw new RangeError(`${generation} is no generation`)
  // Projects may share the profiles of the default one.
  const prefix = `backflip.${client.project}.${scope}.`
  const profile = `${prefix}${generation}`
  const check = async () => {
    const now = await generationsIn(client, prefix)
    refuseBelow(now, generation, scope)
    if (!now.includes(generation)) throw fenced(generation, scope, 'a later one')
  }
  for (let tries = 1; tries <= TRIES; tries += 1) {
    const found = await generationsIn(client, prefix)
    refuseBelow(found, generation, scope)
    if (found.includes(generation)) {
      await retire(client, prefix, found)
      return { generation, profile, check }
    }
    await bring(client, profile, found.length === 0 ? null : `${prefix}${Math.max(...found)}`)
  }
  throw new BackflipError(`the generation ${generation} did not get in: others change it all the time`, {
    code: 'fence-busy',
    kind: 'failed',
    hint: 'the same command again',
  })
}

/** When somebody else was faster nothing happens: it is looked at again. */
async function bring(client: IncusClient, profile: string, before: string | null): Promise<void> {
  const description = 'Backflip: the generation that may change what it names. Keep it.'
  const what = `make the profile ${profile}`
  try {
    if (before === null)
      await client.call({ method: 'POST', path: '/profiles', body: { name: profile, description }, what })
    else await client.call({ method: 'POST', path: `/profiles/${before}`, body: { name: profile }, what })
  } catch (error) {
    if (!isIncusError(error, 'incus-not-found', 'incus-exists')) throw error
  }
}

/** Two that made the first profile at once: the smaller one's goes, by a new name, because something may have been made with it. */
async function retire(client: IncusClient, prefix: string, found: readonly number[]): Promise<void> {
  for (const old of found.toSorted((a, b) => b - a).slice(1))
    await bring(client, `${prefix}gone-${old}-${randomBytes(4).toString('hex')}`, `${prefix}${old}`)
}

async function generationsIn(client: IncusClient, prefix: string): Promise<readonly number[]> {
  const { metadata } = await client.call({ method: 'GET', path: '/profiles', what: 'look at the profiles' })
  return (metadata as readonly string[])
    .map((url) => decodeURIComponent(url.replace(/\?.*$/, '').slice('/1.0/profiles/'.length)))
    .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)))
}

function refuseBelow(generations: readonly number[], generation: number, scope: string): void {
  const greatest = Math.max(-1, ...generations)
  if (greatest > generation) throw fenced(generation, scope, String(greatest))
}

function fenced(generation: number, scope: string, by: string): BackflipError {
  return new BackflipError(`generation ${generation} may not change ${scope} any more: ${by} has been here since`, {
    code: 'fenced',
    kind: 'held',
    hint: 'backflip status',
  })
}
