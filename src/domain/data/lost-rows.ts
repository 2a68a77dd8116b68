/** A row named by a hash of what is compared; sources give them by rising hash. */
interface Hashed {
  readonly hash: string
}

/**
 * Rows of `newer` that `older` does not have, as often as it does not have them: a difference of multisets, so that a table without a key
 * may hold the same row twice. Both sides are read once, in step; nothing is kept.
 */
export async function* rowsOnlyIn<Row extends Hashed>(
  newer: AsyncIterable<Row>,
  older: AsyncIterable<Hashed>,
): AsyncIterable<Row> {
  const others = older[Symbol.asyncIterator]()
  try {
    let other = await others.next()
    for await (const row of newer) {
      while (other.done !== true && other.value.hash < row.hash) other = await others.next()
      if (other.done !== true && other.value.hash === row.hash) other = await others.next()
      else yield row
    }
  } finally {
    // A reader that is left in the middle has files to take away.
    await others.return?.()
  }
}
