import type { ParsedFile } from '../sql/parse-file.ts'
import { standsAlone } from '../sql/stands-alone.ts'

/**
 * How a runner sends a file.
 * - `batch`: all pending files in one transaction
 * - `wrapped`: it opens a transaction around each
 * - `file`: as one text, and PostgreSQL makes a transaction of several statements; one by itself has none
 * - `script`: as one text, or statement by statement: that depends on the runner's version
 * - `sorted`: in a transaction, but for a file that holds only what takes none
 * - `statement`: each commits by itself
 * - `unknown`: we were not told
 */
export type RunnerTransaction = 'batch' | 'wrapped' | 'file' | 'script' | 'sorted' | 'statement' | 'unknown'

/** What that means for the file at hand. `maybe-file`: a transaction, or none. */
export type SentAs = 'batch' | 'file' | 'maybe-file' | 'statement' | 'unknown'

export function sentAs(runner: RunnerTransaction, { statements }: ParsedFile): SentAs {
  const isAlone = statements.length > 0 && statements.every(({ node, tag }) => standsAlone(node, tag))
  switch (runner) {
    case 'wrapped':
      return 'file'
    case 'file':
      return isAlone && statements.length === 1 ? 'statement' : 'file'
    case 'script':
      return isAlone && statements.length === 1 ? 'statement' : 'maybe-file'
    case 'sorted':
      return isAlone ? 'statement' : 'file'
    default:
      return runner
  }
}
