import type { Migration, Variety } from '../../fakes/releases.ts'
import type { Coverage } from './coverage.ts'
import { directed } from './directed.ts'
import { anyCommand, backAlone, calmCommand, oneCommand, twoAtOnce, wake, zombie } from './dramas.ts'
import type { Violation } from './judge.ts'
import { Prng } from './prng.ts'
import { checkChain } from './quiet.ts'
import { settle } from './recovery.ts'
import { Stalled } from './scheduler.ts'
import { Stage } from './stage.ts'
import type { Story } from './story.ts'

export interface ScheduleResult {
  readonly violations: readonly Violation[]
  /** The story, one line an event; null without `trace`. */
  readonly lines: readonly string[] | null
}

const VARIETIES: readonly (readonly [number, Variety])[] = [
  [9, 'good'],
  [1, 'never-healthy'],
  [1, 'dies'],
  [1, 'flapping'],
  [1, 'wrong-sha'],
  [1, 'bad-in-preview'],
  [2, 'bad-in-public'],
  [1, 'bad-under-load'],
]

const MIGRATIONS: readonly (readonly [number, Migration])[] = [
  [6, null],
  [3, 'succeeds'],
  [1, 'fails'],
  [1, 'leaves-no-exit-code'],
]

/** One story, from its seed and number alone. */
export async function runSchedule(
  seed: number,
  index: number,
  coverage: Coverage,
  trace = false,
): Promise<ScheduleResult> {
  const random = new Prng(seed, index)
  const stage = new Stage(random, coverage, trace)
  try {
    await tell(stage, coverage, index)
  } catch (error) {
    stage.judge.violate(error instanceof Stalled ? 'converges' : 'no crash', String((error as Error).stack ?? error))
  }
  return { violations: stage.judge.violations, lines: stage.lines }
}

async function tell(stage: Stage, coverage: Coverage, index: number): Promise<void> {
  const { random } = stage
  const good = [1, 2].map((n) => stage.publish(n, 'good', null))
  const target = stage.publish(3, 'good', 'succeeds')
  const others = [4, 5, 6].map((n) => stage.publish(n, random.weighted(VARIETIES), random.weighted(MIGRATIONS)))
  const story: Story = { stage, coverage, shas: [...good, target, ...others], zombies: [] }
  stage.world.hasHooks = random.chance(0.4)
  stage.world.requestsPerSecond = random.pick([0, 20, 500])
  // Most stories begin where something is live already, and a way back is there.
  const begun = random.weighted([
    [1, 0],
    [3, 1],
    [4, 2],
  ])
  for (const sha of good.slice(0, begun)) await stage.type({ verb: 'deploy', sha, again: false })
  if (begun > 0 && random.chance(0.7)) await directed(story, index, { verb: 'deploy', sha: target, again: false })
  const dramas = random.int(1, 3)
  for (let n = 0; n < dramas; n += 1) {
    const drama = random.weighted<() => Promise<void>>([
      [5, () => oneCommand(story, anyCommand(story))],
      [1, () => oneCommand(story, calmCommand(story))],
      [2, () => twoAtOnce(story)],
      [3, () => zombie(story)],
      [1, () => backAlone(story)],
    ])
    await drama()
  }
  for (const sleeper of story.zombies) wake(stage, sleeper)
  await stage.scheduler.run()
  await settle(story)
  await checkChain(stage.journal, stage.judge)
}
