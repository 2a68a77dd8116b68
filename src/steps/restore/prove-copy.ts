import type { DataService } from '../../ports/data-service.ts'
import type { DatabaseMark, Verification } from '../../ports/database.ts'

const READY_MS = 15 * 60_000
const STOP_MS = 2 * 60_000

/**
 * Starts a copy without a network, has its database proved against the mark, and stops it again. Null for what is no database: that it started is all
 * that can be said of it.
 */
export async function proveCopy(
  service: DataService,
  {
    copy,
    mark,
    fencedBy,
  }: { readonly copy: string; readonly mark: DatabaseMark | null; readonly fencedBy: number | null },
): Promise<Verification | null> {
  await service.start({ name: copy, fencedBy })
  const database = service.database(copy)
  try {
    if (database === null || mark === null) return null
    await database.start()
    await database.waitUntilReady(READY_MS)
    return await database.verify(mark)
  } finally {
    await service.stop({ name: copy, timeoutMs: STOP_MS, fencedBy })
  }
}
