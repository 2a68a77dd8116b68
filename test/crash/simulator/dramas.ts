import type { Operator } from '../../fakes/operator.ts'
import type { Command } from './commands.ts'
import type { CrashPoint } from './crash-points.ts'
import { mishaps } from './mishaps.ts'
import { recover, settle } from './recovery.ts'
import type { Failure, Trigger } from './scheduler.ts'
import type { Stage } from './stage.ts'
import { IDS, MANY_POINTS, type Story } from './story.ts'

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

/** The runtime is silent all the time, and somebody wants the traffic back; crashes are taken up in the same silence. */
export async function backAlone(story: Story): Promise<void> {
  const { stage } = story
  const { random } = stage
  stage.world.runtimeIsSilent = () => true
  const crashes = Array.from({ length: random.int(0, 3) }, (): Trigger => ({ at: random.int(1, MANY_POINTS) }))
  await takeItUp(story, { verb: 'rollback', sha: null, mode: random.pick(['fast', 'auto']) }, crashes, [])
  if (random.chance(0.3)) await others(story)
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
  const { edge } = stage.world
  const { worker } = edge
  const before = JSON.stringify(edge.memory)
  const afterRestart = JSON.stringify(edge.file?.state ?? edge.memory)
  const { open } = await stage.record()
  const ended = await stage.type(anyCommand(story))
  if (open === null) return
  story.coverage.fault('somebody else comes while an operation is unfinished')
  const now = JSON.stringify(edge.memory)
  // A switch that died between file and memory is finished by a restart of the edge, and by nobody who came.
  if (now !== before && (edge.worker === worker || now !== afterRestart))
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
