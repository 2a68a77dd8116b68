import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { BackflipError } from '../../domain/errors.ts'
import type { Host } from './host.ts'
import { generationFolder, type Layout } from './layout.ts'

/** Of takers at once each needs at most as many tries as there are takers. */
const MAX_TRIES = 50
/** In every generation's folder: rename(2) replaces an empty folder without a word, and refuses a full one. */
const KEEP = 'keep'

/**
 * The fence in the file system: `fence/gen-<N>/` is where every writer of generation N makes its temporary files. Taking the next
 * generation is one rename(2) of that folder: of two takers one gets ENOENT, and a late writer can neither make its file nor rename it,
 * wherever it was stopped. `floor` is the greatest generation seen elsewhere (in memory, in the state file).
 */
export async function takeGeneration(host: Host, floor: number): Promise<number> {
  const { layout } = host
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const found = await generationsOf(host)
    const newest = found.at(-1)
    if (newest === undefined) {
      await makeFirst(host)
      continue
    }
    const next = Math.max(newest, floor) + 1
    if (!(await tryRename(host, generationFolder(layout, newest), generationFolder(layout, next)))) continue
    await removeLeftovers(host, next, found)
    return next
  }
  throw new BackflipError('the next generation could not be taken: others were always faster', {
    code: 'fence-busy',
    kind: 'held',
    hint: 'try again in a moment',
  })
}

/** The newest generation, for writes that belong to no operation (start): who takes the next one ends them too. */
export async function currentGeneration(host: Host): Promise<number> {
  if ((await generationsOf(host)).length === 0) await makeFirst(host)
  return (await generationsOf(host)).at(-1) ?? 0
}

/** Made aside and renamed, so that it is never seen without its content. Of several makers one succeeds, and that is enough. */
async function makeFirst(host: Host): Promise<void> {
  const aside = join(host.layout.fenceFolder, `new-${randomBytes(6).toString('hex')}`)
  await host.transport.makeFolder(join(aside, KEEP))
  await tryRename(host, aside, generationFolder(host.layout, 0))
}

async function generationsOf({ transport, layout }: Host): Promise<readonly number[]> {
  const names = (await transport.listFolder(layout.fenceFolder)) ?? []
  return names.flatMap((name) => (/^gen-\d{1,9}$/.test(name) ? [Number(name.slice(4))] : [])).toSorted((a, b) => a - b)
}

async function tryRename({ transport }: Host, from: string, to: string): Promise<boolean> {
  try {
    await transport.rename(from, to)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTEMPTY' || code === 'EEXIST') return false
    throw error
  }
}

/** Temporary files of writers that died came along with the rename; an older folder is a door that must not stand open. */
async function removeLeftovers({ transport, layout }: Host, taken: number, found: readonly number[]): Promise<void> {
  const folder = generationFolder(layout, taken)
  for (const name of (await transport.listFolder(folder)) ?? [])
    if (name !== KEEP) await transport.remove(join(folder, name))
  for (const older of found.slice(0, -1)) await transport.remove(generationFolder(layout, older))
  for (const name of (await transport.listFolder(layout.fenceFolder)) ?? [])
    if (name.startsWith('new-')) await transport.remove(join(layout.fenceFolder, name))
}

/** Writes a file in the name of a generation. Error `fenced` when a newer one was taken: nothing was changed. */
export async function writeFenced(
  { transport, layout }: Pick<Host, 'transport' | 'layout'>,
  generation: number,
  path: string,
  text: string | Uint8Array,
): Promise<void> {
  try {
    await transport.writeFileAtomic(path, text, { mode: 0o640, via: generationFolder(layout, generation) })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw fenced(generation, layout, error)
    throw error
  }
}

export function fenced(generation: number, { key }: Layout, cause?: unknown): BackflipError {
  return new BackflipError(
    `the edge of ${key} no longer takes orders of generation ${generation}: a newer holder has it`,
    {
      code: 'fenced',
      kind: 'held',
      hint: 'backflip status',
      cause,
    },
  )
}
