import type { Command } from '../define-command.ts'
import { adopt } from './adopt.ts'
import { approve } from './approve.ts'
import { check } from './check.ts'
import { cleanup } from './cleanup.ts'
import { deploy } from './deploy.ts'
import { diff } from './diff.ts'
import { doctor } from './doctor.ts'
import { freeze, unfreeze } from './freeze.ts'
import { history } from './history.ts'
import { incident } from './incident.ts'
import { init } from './init.ts'
import { lockAcquire, lockBreak, lockRelease, lockStatus } from './lock.ts'
import { logs } from './logs.ts'
import {
  migrationsBackfill,
  migrationsCheck,
  migrationsLint,
  migrationsPlan,
  migrationsRecord,
  migrationsUsage,
} from './migrations.ts'
import { planDeploy, planRollback } from './plan.ts'
import { publish } from './publish.ts'
import { abort, resume } from './recover.ts'
import { releases, releasesMarkGood, releasesPrune } from './releases.ts'
import { restore } from './restore.ts'
import { rollback } from './rollback.ts'
import { snapshotsList, snapshotsPrune, snapshotsVerify } from './snapshots.ts'
import { sql } from './sql.ts'
import { status } from './status.ts'
import { down, up } from './up-down.ts'

/** Every verb, in the order of the help. A new one is a file and a line here. */
export const COMMANDS: readonly Command[] = [
  init,
  check,
  publish,
  releases,
  releasesMarkGood,
  releasesPrune,
  deploy,
  rollback,
  approve,
  planDeploy,
  planRollback,
  status,
  history,
  incident,
  diff,
  logs,
  resume,
  abort,
  cleanup,
  snapshotsList,
  snapshotsVerify,
  snapshotsPrune,
  restore,
  sql,
  doctor,
  lockAcquire,
  lockRelease,
  lockStatus,
  lockBreak,
  freeze,
  unfreeze,
  migrationsLint,
  migrationsCheck,
  migrationsUsage,
  migrationsRecord,
  migrationsPlan,
  migrationsBackfill,
  adopt,
  up,
  down,
]
