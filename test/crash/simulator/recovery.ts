import { allIsWell } from './mishaps.ts'
import { checkQuiet } from './quiet.ts'
import type { Trigger } from './scheduler.ts'
import type { Story } from './story.ts'

const MAX_RECOVERIES = 8

/** Somebody looks after it until nothing is open. The first tries may die too. */
export async function recover(story: Story, crashes: Trigger[]): Promise<void> {
  const { stage } = story
  const { random } = stage
  for (let tries = 0; tries < MAX_RECOVERIES; tries += 1) {
    const record = await stage.record()
    const held = await stage.journal.lease()
    if (record.open === null && held === null) return
    if (held !== null && (await isHeldForGood(story, held.holder.pid))) await breakLock(story)
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

/** Sometimes the edge cannot be told of it: then only the fence of whoever comes next keeps the old holder out. */
async function breakLock({ stage, coverage }: Story): Promise<void> {
  const { world, random } = stage
  const { edgeHangs } = world
  if (random.chance(0.3)) {
    coverage.fault('the edge hangs while a lock is broken')
    world.edgeHangs = () => true
  }
  await stage.type({ verb: 'lock break' })
  world.edgeHangs = edgeHangs
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
