import type { Command } from './commands.ts'
import { CRASH_POINTS, MAX_DEPTH } from './crash-points.ts'
import { anyFailure } from './mishaps.ts'
import { settle } from './recovery.ts'
import type { Failure, Trigger } from './scheduler.ts'
import { IDS, type Story } from './story.ts'

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
