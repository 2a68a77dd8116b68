import { randomBytes } from 'node:crypto'
import { BackflipError } from '../../../domain/errors.ts'
import type { IncusClient } from '../client.ts'
import { isIncusError } from '../errors.ts'
import type { Owner } from './names.ts'

/** A generation that was let in. */
export interface Entered {
  readonly generation: number
  /** The profile that containers of this generation are made with: gone by that name when a greater one comes. */
  readonly profile: string
  /** Whether this call let it in: it is greater than all before. */
  readonly isNew: boolean
  /** Error `fenced` when a greater generation has come since. Ask right before each effect. */
  readonly check: () => Promise<void>
}

/** Each try that fails means that somebody else was let in meanwhile. */
const TRIES = 10

/**
 * Lets a generation in, and everyone below it out. The generation is the name of an empty profile, and to come in is to rename it: Incus renames in
 * one step, so of two that come at once the smaller one finds no profile to rename or sees the greater. Every container is made with the profile by
 * name, and Incus refuses to make one with a profile that is not there: a writer that was stopped between its check and its call makes nothing.
 * Error `fenced` (kind `held`).
 */
export async function enterFence(client: IncusClient, owner: Owner, generation: number): Promise<Entered> {
  if (!Number.isSafeInteger(generation) || generation < 0) throw new RangeError(`${generation} is no generation`)
  const prefix = `backflip.${client.project}.${owner.app}.${owner.environment}.`
  const profile = `${prefix}${generation}`
  const entered = (isNew: boolean): Entered => ({
    generation,
    profile,
    isNew,
    check: async () => {
      const now = await generationsIn(client, prefix)
      refuseBelow(now, generation)
      if (!now.includes(generation)) throw fenced(generation, 'a later one')
    },
  })
  let isNew = false
  for (let tries = 1; tries <= TRIES; tries += 1) {
    const found = await generationsIn(client, prefix)
    refuseBelow(found, generation)
    if (found.includes(generation)) {
      await retire(client, prefix, found)
      return entered(isNew)
    }
    isNew = await make(client, profile, found.length === 0 ? null : `${prefix}${Math.max(...found)}`)
  }
  throw new BackflipError(`the generation ${generation} did not get in: others change it all the time`, {
    code: 'fence-busy',
    kind: 'failed',
    hint: 'the same command again',
  })
}

/** False when somebody else was faster: then it is looked at again. */
async function make(client: IncusClient, profile: string, before: string | null): Promise<boolean> {
  const description = 'Backflip: the generation that may change containers. Keep it.'
  try {
    if (before === null) await client.call({ method: 'POST', path: '/profiles', body: { name: profile, description } })
    else await client.call({ method: 'POST', path: `/profiles/${before}`, body: { name: profile } })
    return true
  } catch (error) {
    if (isIncusError(error, 'incus-not-found', 'incus-exists')) return false
    throw error
  }
}

/** Two that made the first profile at once: the smaller one's goes, by a new name first, because a container may have been made with it. */
async function retire(client: IncusClient, prefix: string, found: readonly number[]): Promise<void> {
  for (const old of found.toSorted((a, b) => b - a).slice(1)) {
    const gone = `${prefix}gone-${old}-${randomBytes(4).toString('hex')}`
    await make(client, gone, `${prefix}${old}`)
  }
}

async function generationsIn(client: IncusClient, prefix: string): Promise<readonly number[]> {
  const { metadata } = await client.call({ method: 'GET', path: '/profiles', what: 'look at the profiles' })
  return (metadata as readonly string[])
    .map((url) => decodeURIComponent(url.replace(/\?.*$/, '').slice('/1.0/profiles/'.length)))
    .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)))
}

function refuseBelow(generations: readonly number[], generation: number): void {
  const greatest = Math.max(-1, ...generations)
  if (greatest > generation) throw fenced(generation, String(greatest))
}

function fenced(generation: number, by: string): BackflipError {
  return new BackflipError(
    `generation ${generation} may not touch the containers any more: ${by} has been here since`,
    {
      code: 'fenced',
      kind: 'held',
      hint: 'backflip status',
    },
  )
}
