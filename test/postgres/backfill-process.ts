/** `node backfill-process.ts FOLDER ASK`: a backfill in a process of its own, which a test may kill. Prints a state a slice, as JSON lines. */
import { systemClock } from '../../src/drivers/local/clock.ts'
import { runBackfill } from '../../src/operations/migrations/run-backfill.ts'
import type { BackfillAsk } from '../../src/ports/backfill.ts'
import { Cluster } from './cluster.ts'

const [folder = '', ask = ''] = process.argv.slice(2)

await runBackfill({
  database: Cluster.at(folder).database,
  clock: systemClock,
  ask: JSON.parse(ask) as BackfillAsk,
  signal: new AbortController().signal,
  progress: ({ state }) => console.log(JSON.stringify(state)),
})
