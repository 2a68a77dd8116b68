import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Journal } from '../../../src/ports/journal.ts'

/** What an append was about to write when its process was killed, and where the journal stood. */
export interface LastWords {
  readonly kinds: readonly string[]
  readonly headBefore: number
}

type Drafts = Parameters<Journal['append']>[1]

export interface Death {
  /** Gets the last words. */
  readonly folder: string
  /** Before that append is durable, or after. */
  readonly when: 'before' | 'after'
  /** Asked at each append, once. */
  readonly diesAt: (drafts: Drafts) => boolean
}

/** A journal that ends its process with SIGKILL at one append. */
export function mortalJournal(journal: Journal, { folder, when, diesAt }: Death): Journal {
  return {
    ...journal,
    async append(token, drafts) {
      const dies = diesAt(drafts)
      if (dies) {
        const words: LastWords = { kinds: drafts.map(({ fact }) => fact.kind), headBefore: (await journal.head()).seq }
        writeFileSync(join(folder, 'last-words'), JSON.stringify(words))
        if (when === 'before') process.kill(process.pid, 'SIGKILL')
      }
      const entries = await journal.append(token, drafts)
      if (dies) process.kill(process.pid, 'SIGKILL')
      return entries
    },
  }
}

export function readLastWords(folder: string): LastWords {
  return JSON.parse(readFileSync(join(folder, 'last-words'), 'utf8')) as LastWords
}
