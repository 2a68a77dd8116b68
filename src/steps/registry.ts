import type { Step } from '../engine/step.ts'
import { checkData } from './a-prepare/check-data.ts'
import { checkRoom } from './a-prepare/check-room.ts'
import { fetchArtifacts } from './a-prepare/fetch-artifacts.ts'
import { judgeMigrations } from './a-prepare/judge-migrations.ts'
import { verifyWayBack } from './a-prepare/verify-way-back.ts'
import { markData, markRestored } from './b-migrate/mark-data.ts'
import { runMigration } from './b-migrate/run-migration.ts'
import { runSql } from './b-migrate/run-sql.ts'
import { snapshotData } from './b-migrate/snapshot-data.ts'
import { emptyColor } from './c-launch/empty-color.ts'
import { nameRelease } from './c-launch/name-release.ts'
import { shapeEdge } from './c-launch/shape-edge.ts'
import { startInstances } from './c-launch/start-instances.ts'
import { unpackRelease } from './c-launch/unpack-release.ts'
import { checkInstances } from './d-check/check-instances.ts'
import { previewRelease } from './d-check/preview-release.ts'
import { flipEdge } from './e-switch/flip-edge.ts'
import { observeEdge } from './e-switch/observe-edge.ts'
import { recordActive } from './e-switch/record-active.ts'
import { bakeRelease } from './f-verify/bake-release.ts'
import { drainOld } from './f-verify/drain-old.ts'
import { probePublic } from './f-verify/probe-public.ts'
import type { StepPorts } from './ports.ts'
import { allowWriters } from './restore/allow-writers.ts'
import { checkRecovery } from './restore/check-recovery.ts'
import { copyData } from './restore/copy-data.ts'
import { countLost } from './restore/count-lost.ts'
import { exportLost } from './restore/export-lost.ts'
import { lowerMaintenance } from './restore/lower-maintenance.ts'
import { placeRecovered } from './restore/place-recovered.ts'
import { previewRestored } from './restore/preview-restored.ts'
import { raiseMaintenance } from './restore/raise-maintenance.ts'
import { recoverData } from './restore/recover-data.ts'
import { stopWriters } from './restore/stop-writers.ts'
import { swapData } from './restore/swap-data.ts'
import { verifyCopy } from './restore/verify-copy.ts'

/** Every step there is, in the order of a deploy, and then of a restore. A new step is a file in its phase's folder and a line here. */
export const STEPS: readonly Step<StepPorts>[] = [
  fetchArtifacts,
  verifyWayBack,
  checkRoom,
  judgeMigrations,
  checkData,
  markData,
  snapshotData,
  runMigration,
  runSql,
  emptyColor,
  shapeEdge,
  unpackRelease,
  startInstances,
  nameRelease,
  checkInstances,
  previewRelease,
  observeEdge,
  flipEdge,
  recordActive,
  probePublic,
  bakeRelease,
  drainOld,
  checkRecovery,
  raiseMaintenance,
  stopWriters,
  countLost,
  recoverData,
  copyData,
  placeRecovered,
  verifyCopy,
  exportLost,
  swapData,
  markRestored,
  allowWriters,
  previewRestored,
  lowerMaintenance,
]

export const stepsById: ReadonlyMap<string, Step<StepPorts>> = new Map(STEPS.map((step) => [step.id, step]))
