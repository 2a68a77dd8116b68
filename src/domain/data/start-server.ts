import { BackflipError } from '../errors.ts'

/** What the instance's own boot gets to start the server, before we do. */
const BOOT_LIMIT_MS = 10_000

/** What is asked of a database; `ports/database.ts` has it. */
interface Server {
  waitUntilReady(timeoutMs: number): Promise<void>
  start(): Promise<void>
}

/**
 * Most images start their server at boot; where that has not happened we do it. The two may meet: then ours fails and the other one's is there. How
 * long recovery takes is for the caller to wait for.
 */
export async function startServer(database: Server): Promise<void> {
  try {
    await database.waitUntilReady(BOOT_LIMIT_MS)
  } catch (error) {
    if (!(error instanceof BackflipError)) throw error
    await database.start().catch((cause: unknown) => {
      if (!(cause instanceof BackflipError)) throw cause
    })
  }
}
