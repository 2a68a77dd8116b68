import type { Sha } from '../../../src/domain/ids.ts'
import { STEPS } from '../../../src/steps/registry.ts'
import type { Operator } from '../../fakes/operator.ts'
import type { Command } from './commands.ts'
import type { Coverage } from './coverage.ts'
import { CRASH_POINTS, type CrashPoint, MAX_DEPTH } from './crash-points.ts'
import { checkQuiet } from './quiet.ts'
import type { Failure, Trigger } from './scheduler.ts'
import type { Stage } from './stage.ts'

export interface Story {
  readonly stage: Stage
  readonly coverage: Coverage
  readonly shas: readonly Sha[]
  readonly zombies: Operator[]
}

const MANY_POINTS = 150
const IDS = STEPS.map(({ id }) => id)

/** A command that somebody may think of. */
export function anyCommand({ stage, shas }: Story): Command {
  const { random } = stage
  return random.weighted<() => Command>([
    [10, () => ({ verb: 'deploy', sha: random.pick(shas), again: random.chance(0.5) })],
    [3, () => ({ verb: 'rollback', sha: null, mode: random.pick(['auto', 'fast', 'full']) })],
    [1, () => ({ verb: 'rollback', sha: random.pick(shas), mode: random.pick(['auto', 'full']) })],
    [2, () => ({ verb: 'cleanup', color: random.pick([null, null, 'blue', 'green']), force: random.chance(0.6) })],
  ])()
}

export function calmCommand({ stage, shas }: Story): Command {
  const { random } = stage
  return random.weighted<Command>([
    [2, { verb: 'freeze' }],
    [3, { verb: 'unfreeze' }],
    [2, { verb: 'doctor' }],
    [1, { verb: 'mark-good', sha: random.pick(shas) }],
    [1, { verb: 'resume' }],
    [1, { verb: 'abort' }],
  ])
}

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
function allIsWell({ world, scheduler }: Stage): void {
  scheduler.events = []
  world.lost.clear()
  world.edgeHangs = () => false
  world.hookFails = () => false
}

/** One command, with crashes up to three deep, and somebody, or nobody, who comes to take it up. */
export async function oneCommand(story: Story, command: Command): Promise<void> {
  const { stage } = story
  const { random } = stage
  const failures = mishaps(story)
  const depth = random.weighted([
    [3, 0],
    [4, 1],
    [3, 2],
    [2, 3],
  ])
  const crashes = Array.from({ length: depth }, (): Trigger => ({ at: random.int(1, MANY_POINTS) }))
  await takeItUp(story, command, crashes, failures)
  if (random.chance(0.2)) await others(story)
  await settle(story)
}

async function takeItUp(story: Story, first: Command, crashes: readonly Trigger[], failures: Failure[]): Promise<void> {
  const { stage } = story
  const { random } = stage
  let command = first
  for (let depth = 1; depth <= crashes.length + 1; depth += 1) {
    const crash = crashes[depth - 1] ?? null
    const ended = await stage.type(command, { crash, failures, depth })
    if (ended !== null) story.coverage.ended(`${command.verb}: ${ended}`)
    if (ended !== null || (await stage.record()).open === null) return
    if (random.chance(0.15)) return
    command = random.chance(0.75) ? { verb: 'resume' } : { verb: 'abort' }
  }
}

/** Nobody comes to take it up; others want something else meanwhile, and must not be let in. */
async function others(story: Story): Promise<void> {
  const { stage } = story
  const before = JSON.stringify(stage.world.edge.memory)
  const { open } = await stage.record()
  const ended = await stage.type(anyCommand(story))
  if (open === null) return
  story.coverage.fault('somebody else comes while an operation is unfinished')
  if (JSON.stringify(stage.world.edge.memory) !== before)
    stage.judge.violate('I7', `traffic changed under an unfinished operation (${ended})`)
}

/** Two commands at once; the generator decides at each point who goes on. */
export async function twoAtOnce(story: Story): Promise<void> {
  const { stage } = story
  const { random } = stage
  const failures = mishaps(story)
  story.coverage.fault('two operators at once')
  const commands = [anyCommand(story), random.chance(0.7) ? anyCommand(story) : calmCommand(story)]
  for (const command of commands) {
    const crash = random.chance(0.3) ? { at: random.int(1, MANY_POINTS) } : null
    stage.begin(command, { crash, failures }, (ended) => story.coverage.ended(`${command.verb}: ${ended}`))
  }
  await stage.scheduler.run()
  await settle(story)
}

/** A process is stopped, a person breaks its lease, others work, and it wakes up with what it believed. */
export async function zombie(story: Story): Promise<void> {
  const { stage } = story
  const { random, scheduler } = stage
  const command = random.chance(0.85) ? anyCommand(story) : calmCommand(story)
  const pause = anyPause(stage)
  const sleeper = stage.begin(command, { pause, failures: mishaps(story) }, (ended) =>
    story.coverage.ended(`zombie: ${ended}`),
  )
  await scheduler.run()
  if (!scheduler.isPaused(sleeper)) return settle(story)
  story.coverage.fault('a process is stopped and goes on later')
  stage.say(`${sleeper.actor} is stopped`)
  await recover(story, random.chance(0.3) ? [{ at: random.int(1, MANY_POINTS) }] : [])
  const next = random.int(0, 2)
  for (let n = 0; n < next; n += 1) {
    const wakes = n === next - 1 && random.chance(0.6)
    if (wakes) wake(stage, sleeper)
    await stage.type(anyCommand(story), {})
    await recover(story, [])
  }
  if (random.chance(0.3)) {
    story.zombies.push(sleeper)
    return settle(story)
  }
  wake(stage, sleeper)
  await scheduler.run()
  await settle(story)
}

/** Anywhere, or in the middle of a step: there it hurts most. */
function anyPause({ random }: Stage): Trigger {
  if (random.chance(0.4)) return { at: random.int(1, MANY_POINTS) }
  const on: CrashPoint = {
    step: random.pick(IDS),
    direction: 'forward',
    place: random.pick(['before', 'between', 'between', 'after']),
  }
  return { on, nth: random.int(1, 6) }
}

export function wake(stage: Stage, sleeper: Operator): void {
  if (!stage.scheduler.isPaused(sleeper)) return
  stage.say(`${sleeper.actor} goes on`)
  stage.scheduler.wake(sleeper)
}

/** This schedule's own crash point: the story is made so that it is reached, at its depth. */
export async function directed(story: Story, index: number, command: Command): Promise<void> {
  const { stage } = story
  const { random } = stage
  const point = CRASH_POINTS[index % CRASH_POINTS.length]
  const depth = (Math.floor(index / CRASH_POINTS.length) % MAX_DEPTH) + 1
  if (point === undefined) return
  const last = IDS.length - 1
  const at = IDS.indexOf(point.step)
  const failures: Failure[] = []
  let undoFrom = at
  if (point.direction === 'undo') {
    undoFrom = random.int(at, last)
    const failing = IDS[undoFrom] ?? point.step
    // The last step reports its failures and never fails: there it is the hook after it that does.
    if (undoFrom === last) {
      stage.world.hasHooks = true
      stage.world.hookFails = (name) => name === 'post-verify'
    } else failures.push({ ...anyFailure(stage, failing), times: 99, retried: false })
  }
  const crashes = Array.from({ length: depth }, (_, n): Trigger => {
    if (n === depth - 1) return { on: point, nth: random.chance(0.6) ? 1 : random.int(1, 4) }
    const before = IDS[random.int(0, at)] ?? point.step
    return { on: { step: before, direction: 'forward', place: random.pick(['before', 'between'] as const) }, nth: 1 }
  })
  if (point.direction === 'undo' && depth > 1 && random.chance(0.5)) {
    const step = IDS[random.int(at, undoFrom)] ?? point.step
    crashes[depth - 2] = { on: { step, direction: 'undo', place: 'before' }, nth: 1 }
  }
  await takeDirected(story, command, orderedByStep(crashes), failures)
  await settle(story)
}

/** Forward crashes in the order of the steps, or the later ones are never reached. */
function orderedByStep(crashes: readonly Trigger[]): readonly Trigger[] {
  const place = (trigger: Trigger) =>
    'on' in trigger && trigger.on.direction === 'forward' ? IDS.indexOf(trigger.on.step) : IDS.length
  return crashes.toSorted((a, b) => place(a) - place(b))
}

async function takeDirected(
  story: Story,
  first: Command,
  crashes: readonly Trigger[],
  failures: Failure[],
): Promise<void> {
  let command = first
  for (const [index, crash] of crashes.entries()) {
    const ended = await story.stage.type(command, { crash, failures, depth: index + 1 })
    if (ended !== null) return
    if ((await story.stage.record()).open === null) return
    command = { verb: 'resume' }
  }
}

const MAX_RECOVERIES = 8

/** Somebody looks after it until nothing is open. The first tries may die too. */
async function recover(story: Story, crashes: Trigger[]): Promise<void> {
  const { stage } = story
  const { random } = stage
  for (let tries = 0; tries < MAX_RECOVERIES; tries += 1) {
    const record = await stage.record()
    const held = await stage.journal.lease()
    if (record.open === null && held === null) return
    if (held !== null && (await isHeldForGood(story, held.holder.pid))) await stage.type({ verb: 'lock break' })
    if (record.open === null) {
      // A lease of a dead holder is adopted by whoever comes next.
      await stage.type({ verb: 'unfreeze' })
      continue
    }
    const crash = crashes.shift() ?? null
    const verb = tries > 2 || random.chance(0.7) ? 'resume' : 'abort'
    const ended = await stage.type({ verb }, { crash, depth: tries + 2 })
    if (ended !== null) story.coverage.ended(`${verb}: ${ended}`)
    if (ended !== null && tries === 1) allIsWell(stage)
    // What an undo needs has died: a person brings it up again.
    if (ended === 'stuck' && tries > 1) await stage.type({ verb: 'up' })
  }
}

/** Held by a stopped process, or by one of another host: only a person may break it. */
async function isHeldForGood({ stage }: Story, pid: number): Promise<boolean> {
  const holder = stage.world.operators.find((one) => one.pid === pid)
  return holder !== undefined && !holder.dead && !holder.finished
}

/** All is well again, somebody takes up what is open, and then everything must agree. */
export async function settle(story: Story): Promise<void> {
  const { stage } = story
  allIsWell(stage)
  await recover(story, [])
  await stage.scheduler.run()
  if (stage.random.chance(0.4)) await stage.checkpoint()
  const before = stage.judge.violations.length
  await checkQuiet(stage.world, stage.journal, stage.judge)
  if (stage.judge.violations.length > before) stage.say('this is what is left when all is quiet')
}
