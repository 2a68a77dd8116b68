import type { Step } from '../engine/step.ts'
import { checkRoom } from './a-prepare/check-room.ts'
import { fetchArtifacts } from './a-prepare/fetch-artifacts.ts'
import { verifyWayBack } from './a-prepare/verify-way-back.ts'
import { runMigration } from './b-migrate/run-migration.ts'
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

/** Every step there is, in the order of a deploy. A new step is a file in its phase's folder and a line here. */
export const STEPS: readonly Step<StepPorts>[] = [
  fetchArtifacts,
  verifyWayBack,
  checkRoom,
  runMigration,
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
]

export const stepsById: ReadonlyMap<string, Step<StepPorts>> = new Map(STEPS.map((step) => [step.id, step]))
