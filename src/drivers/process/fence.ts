import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { BackflipError } from '../../domain/errors.ts'
import { syncFolder } from '../../lib/atomic-file.ts'

/** A generation that was let in. */
export interface Entered {
  readonly generation: number
  /** Temporary files of this generation. Taken away when a greater one comes: a late rename out of it fails. */
  readonly folder: string
  /** Error `fenced` when a greater generation has come since. Ask right before each effect. */
  readonly check: () => Promise<void>
  /** A path in `folder` that nobody else has. */
  readonly temporary: (what: string) => string
}

/**
 * Lets a generation in, and everyone below it out. One folder per generation: who enters makes its own folder first and looks second, so of
 * two that enter at once the smaller one either sees the greater or loses its folder to it. A writer that was stopped between its check and its
 * rename (SIGSTOP, a long pause) then finds no temporary file to rename, which a number in a file could not do.
 * Error `fenced` (kind `held`). Synchronous calls: whoever flips waits for this (docs/decisions/0006-start-up.md).
 */
export async function enterFence(root: string, generation: number): Promise<Entered> {
  if (!Number.isSafeInteger(generation) || generation < 0) throw new RangeError(`${generation} is no generation`)
  const folder = join(root, String(generation))
  const before = await generationsIn(root)
  refuseBelow(before, generation)
  if (!before.includes(generation)) {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const after = await generationsIn(root)
    if (after.some((other) => other > generation)) rmdirSync(folder)
    refuseBelow(after, generation)
    await syncFolder(root)
  }
  for (const name of readdirSync(root)) {
    // Not "every other": a greater one may have come in since we looked, and its folder is not ours to take.
    if (name.startsWith('gone-') || Number(name) < generation) await takeAway(root, name)
  }
  return {
    generation,
    folder,
    temporary: (what) => join(folder, `${what}-${randomBytes(6).toString('hex')}`),
    check: async () => {
      const now = await generationsIn(root)
      refuseBelow(now, generation)
      if (!now.includes(generation)) throw fenced(generation, 'a later one')
    },
  }
}

/** Runs a write that goes through the generation's folder; a folder that is gone is told as what it is. */
export async function throughFence<T>(entered: Entered, write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') await entered.check()
    throw error
  }
}

async function generationsIn(root: string): Promise<readonly number[]> {
  try {
    return readdirSync(root)
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

function refuseBelow(generations: readonly number[], generation: number): void {
  const greatest = Math.max(-1, ...generations)
  if (greatest > generation) throw fenced(generation, String(greatest))
}

function fenced(generation: number, by: string): BackflipError {
  return new BackflipError(`generation ${generation} may not touch the instances any more: ${by} has been here since`, {
    code: 'fenced',
    kind: 'held',
    hint: 'backflip status',
  })
}

/** Renamed first, in one atomic step; what it held is rubbish from then on. Somebody else may do the same at the same time. */
async function takeAway(root: string, name: string): Promise<void> {
  const gone = name.startsWith('gone-') ? name : `gone-${name}-${randomBytes(6).toString('hex')}`
  try {
    if (gone !== name) renameSync(join(root, name), join(root, gone))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  rmSync(join(root, gone), { recursive: true, force: true })
}
