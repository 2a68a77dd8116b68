import type { UsageFile } from '../../domain/compatibility/usage.ts'
import { loadParser } from '../../migrations/sql/parser.ts'
import { collectQueries } from '../../migrations/usage/collect-queries.ts'
import type { Clock } from '../../ports/clock.ts'
import type { RecorderAsk, StatementRecorder } from '../../ports/statement-recorder.ts'

export interface RecordAsk extends Pick<RecorderAsk, 'listen' | 'to'> {
  readonly recorder: StatementRecorder
  readonly clock: Clock
  /** Ends the recording. */
  readonly until: Promise<unknown>
  readonly listening: (port: number) => void
}

export interface Recorded {
  readonly file: UsageFile
  readonly connections: number
  /** Connections whose words could not be followed. */
  readonly lost: number
  readonly others: number
}

/** Listens in until it is told to stop. What is heard belongs to no release yet. */
export async function recordStatements({
  recorder,
  clock,
  until,
  listening,
  listen,
  to,
}: RecordAsk): Promise<Recorded> {
  const collector = collectQueries(await loadParser(), true)
  const recording = await recorder.start({ listen, to, onQuery: (query) => collector.add(query) })
  listening(recording.port)
  await until
  const counts = recording.counts()
  await recording.close()
  const { others, unkept } = collector.left()
  return {
    file: {
      version: 1,
      sha: null,
      source: 'recording',
      collectedAt: clock.now(),
      uses: [],
      statements: collector.queries(),
      leftOut: unkept + counts.lost,
    },
    ...counts,
    others,
  }
}
