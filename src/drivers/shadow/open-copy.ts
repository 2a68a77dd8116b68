import type { ShadowCopy } from '../../ports/shadow.ts'
import { applyFile } from './apply-file.ts'
import { seedTables } from './seed.ts'
import type { Session } from './session.ts'
import { readShape } from './shape.ts'
import { type Kept, keepPrepared, staleOnes, tryStatements } from './try-statements.ts'
import { watchRelations } from './watch.ts'

/** The database that is thrown away: how to open sessions in it, and how it is dropped when they are closed. */
export interface CopyPlace {
  readonly open: (statementTimeoutMs: number) => Promise<Session>
  readonly drop: () => Promise<void>
}

const STATEMENT_TIMEOUT_MS = 60_000
const TRY_TIMEOUT_MS = 5_000

/** The migrations, an onlooker, a pool's connection and the queries each have a session of their own, where the server has several. */
export async function openCopy({ open, drop }: CopyPlace): Promise<ShadowCopy> {
  const worker = await open(STATEMENT_TIMEOUT_MS)
  const onlooker = await open(STATEMENT_TIMEOUT_MS)
  let pool: { readonly session: Session; readonly kept: readonly Kept[] } | null = null
  let rows: ReadonlyMap<string, number> = new Map()
  return {
    async seed(tables) {
      rows = await seedTables(onlooker, tables)
      return rows
    },
    shape: () => readShape(onlooker),
    async keepPrepared(statements) {
      const session = await open(TRY_TIMEOUT_MS)
      pool = { session, kept: [] }
      pool = { session, kept: await keepPrepared(session, statements) }
    },
    stale: async () => (pool === null ? [] : staleOnes(pool.session, pool.kept)),
    async tryAll(statements) {
      const session = await open(TRY_TIMEOUT_MS)
      try {
        return await tryStatements(session, statements)
      } finally {
        await session.end()
      }
    },
    apply: async (file) => applyFile(worker, file, await watchRelations(worker, onlooker, rows)),
    async close() {
      for (const session of [worker, onlooker, pool?.session]) await session?.end()
      await drop()
    },
  }
}
