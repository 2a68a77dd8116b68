import { systemClock } from '../../src/drivers/local/clock.ts'
import { localLiveness } from '../../src/drivers/local/liveness.ts'
import { localSharedLock } from '../../src/drivers/local/shared-lock.ts'

/** Takes the shared lock in the folder that is named, says so, and keeps it until it is killed. */
await localSharedLock(process.argv[2] ?? '', systemClock, localLiveness()).hold('reload', 0, async () => {
  console.log('held')
  await systemClock.sleep(60_000)
})
