import type { Journal } from '../../ports/journal.ts'

/**
 * Number of the first entry that is not older than `time` (milliseconds since 1970); one more than the last one's when all are older. By halving: a
 * clock that was set back in between makes it a little wrong, and reading a million entries would not make it right.
 */
export async function findSeq(journal: Journal, time: number): Promise<number> {
  let low = 1
  let high = (await journal.head()).seq + 1
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const [entry] = await journal.read({ after: middle - 1, limit: 1 })
    if (entry === undefined || Date.parse(entry.at) >= time) high = middle
    else low = middle + 1
  }
  return low
}
