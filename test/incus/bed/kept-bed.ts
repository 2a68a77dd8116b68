import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { processStart } from '../../../src/lib/proc.ts'
import type { Bed } from './bed.ts'

/** Where the bed that `npm run incus` keeps is written down, for later runs of single files. */
const FILE = fileURLToPath(new URL('../../../.cache/incus/kept-bed.json', import.meta.url))

export function recordKeptBed({ folder, initPid, hasDebian }: Bed): void {
  mkdirSync(dirname(FILE), { recursive: true })
  writeFileSync(FILE, JSON.stringify({ folder, initPid, hasDebian, start: processStart(initPid) }))
}

export function forgetKeptBed(): void {
  rmSync(FILE, { force: true })
}

/** Null when none is kept, or the one that was is dead. */
export function findKeptBed(): Bed | null {
  try {
    const { start, ...bed } = JSON.parse(readFileSync(FILE, 'utf8')) as Bed & { readonly start: string }
    return processStart(bed.initPid) === start ? bed : null
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
