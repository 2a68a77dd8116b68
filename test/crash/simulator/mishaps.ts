import type { Coverage } from './coverage.ts'
import type { Failure } from './scheduler.ts'
import type { Stage } from './stage.ts'
import { IDS, MANY_POINTS, type Story } from './story.ts'

/** What goes wrong in the world and in single calls while a command runs. */
export function mishaps({ stage, coverage }: Story): Failure[] {
  const { random, world, scheduler } = stage
  const happen = (name: string, event: () => void) => {
    const tell = () => {
      coverage.fault(name)
      stage.say(`world: ${name}`)
      event()
    }
    scheduler.events.push({ at: random.int(1, MANY_POINTS), happen: tell })
  }
  if (random.chance(0.1)) happen('the edge restarts', () => world.restartEdge())
  if (random.chance(0.08)) happen('the edge hangs', () => hang(stage))
  if (random.chance(0.05)) happen('an instance of the standby color dies', () => killStandby(stage))
  if (random.chance(0.05)) happen('the operator interrupts', () => interruptAnybody(stage))
  if (random.chance(0.06)) happen('the cache loses a release', () => loseFromCache(stage))
  if (random.chance(0.06)) failAHook(stage, coverage)
  if (random.chance(0.08)) happen('the runtime does not answer', () => silence(stage))
  const failures: Failure[] = []
  if (random.chance(0.25)) failures.push(anyFailure(stage, random.pick(IDS)))
  if (random.chance(0.08)) failures.push(failingUndo(stage))
  if (random.chance(0.03))
    failures.push({
      step: null,
      direction: 'forward',
      when: 'before',
      call: 'journal.append',
      times: 1,
      retried: false,
    })
  return failures
}

export function anyFailure({ random }: Stage, step: string): Failure {
  const when = random.pick(['before', 'after'] as const)
  return { step, direction: 'forward', when, call: null, times: random.int(1, 8), retried: random.chance(0.5) }
}

function failingUndo({ random }: Stage): Failure {
  const when = random.pick(['before', 'after'] as const)
  return { step: random.pick(IDS), direction: 'undo', when, call: null, times: random.int(1, 12), retried: true }
}

function hang({ random, world }: Stage): void {
  const untilMs = world.clock.nowMs + random.pick([1_000, 5_000, 30_000])
  world.edgeHangs = () => world.clock.nowMs < untilMs
}

function silence({ random, world }: Stage): void {
  const untilMs = world.clock.nowMs + random.pick([1_000, 30_000, 600_000])
  world.runtimeIsSilent = () => world.clock.nowMs < untilMs
}

function killStandby({ world, random }: Stage): void {
  const standby = [...world.runtime.instances.values()].filter(
    ({ color, state }) =>
      state === 'running' && color !== world.edge.memory.live && color !== world.edge.file?.state.live,
  )
  if (standby.length > 0) world.killInstance(random.pick(standby).name)
}

function loseFromCache({ world, random, judge }: Stage): void {
  if (world.cached.size === 0 || judge.verifying) return
  const sha = random.pick([...world.cached])
  world.cached.delete(sha)
  if (random.chance(0.5)) world.lost.add(sha)
}

function interruptAnybody({ world, random }: Stage): void {
  const alive = world.operators.filter(({ dead, finished }) => !dead && !finished)
  if (alive.length > 0) random.pick(alive).interrupt.abort(new Error('interrupted'))
}

function failAHook({ world, random }: Stage, coverage: Coverage): void {
  const hook = random.pick([
    'pre-prepare',
    'post-launch',
    'pre-switch',
    'post-switch',
    'pre-verify',
    'post-verify',
    'on-failure',
  ])
  world.hasHooks = true
  world.hookFails = (name) => {
    if (name === hook) coverage.fault(`the hook ${hook} fails`)
    return name === hook
  }
}

/** The machines are well again. What was broken stays broken. */
export function allIsWell({ world, scheduler }: Stage): void {
  scheduler.events = []
  world.lost.clear()
  world.edgeHangs = () => false
  world.runtimeIsSilent = () => false
  world.hookFails = () => false
}
