import { join } from 'node:path'
import { compose } from '../../../src/compose.ts'
import { chooseEnvironment, loadConfig } from '../../../src/config/load.ts'
import { parseSha } from '../../../src/domain/ids.ts'
import { cleanup, prepareCleanup } from '../../../src/operations/cleanup.ts'
import { deploy, prepareDeploy } from '../../../src/operations/deploy.ts'
import type { Environment } from '../../../src/operations/environment.ts'
import { prepareRollback, rollback } from '../../../src/operations/rollback.ts'
import { mortalJournal } from './mortal-journal.ts'

export interface VictimJob {
  readonly folder: string
  readonly operation: 'deploy' | 'fast' | 'full' | 'cleanup'
  readonly sha: string
  /** Dies at this append, counted from 1, before or after it is durable. */
  readonly at: number
  readonly when: 'before' | 'after'
}

/** The production operation, with a journal that ends its process at one append. */
const job = JSON.parse(process.argv[2] ?? '') as VictimJob
const config = await loadConfig(join(job.folder, 'backflip.yaml'))
const composed = await compose(config, await chooseEnvironment(config, null), 'victim')
let appends = 0
const diesAt = () => {
  appends += 1
  return appends === job.at
}
const environment: Environment = { ...composed, journal: mortalJournal(composed.journal, { ...job, diesAt }) }
await run()
await composed.journal.close()

async function run(): Promise<void> {
  const reason = 'a test'
  switch (job.operation) {
    case 'deploy':
      await deploy(environment, await prepareDeploy(environment, { sha: parseSha(job.sha), again: true, reason }))
      return
    case 'cleanup':
      await cleanup(environment, await prepareCleanup(environment, { color: null, force: true, reason }))
      return
    default:
      await rollback(environment, await prepareRollback(environment, { sha: null, mode: job.operation, reason }))
  }
}
