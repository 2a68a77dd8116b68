import { join } from 'node:path'
import { makeRelease, type Variant } from '../make-release.ts'
import type { Stage } from './stage.ts'

/** Five commits, so to speak: the same ones in every demo. */
export const RELEASES = {
  r1: { sha: '1a6f0c2e9b7d4835a1c0ffee5e1ec7ed0b1e5001', variant: 'good', about: 'works' },
  r2: { sha: '2b7e1d3fac8e5946b2d1a00b6f2fd8fe1c2f6002', variant: 'good', about: 'works' },
  r3: { sha: '3c8f2e40bd9f6a57c3e2b11c70a3e90f2d307003', variant: 'never-healthy', about: 'never gets healthy' },
  r4: {
    sha: '4d903f51ce0a7b68d4f3c22d81b4fa103e418004',
    variant: 'bad-behind-edge',
    about: 'healthy, and fails for every request with the header that an edge adds',
  },
  r5: { sha: '5ea14062df1b8c79e504d33e92c50b214f529005', variant: 'good', about: 'works' },
} as const satisfies {
  readonly [name: string]: { readonly sha: string; readonly variant: Variant; readonly about: string }
}

export type ReleaseName = keyof typeof RELEASES
export const RELEASE_NAMES = Object.keys(RELEASES) as readonly ReleaseName[]

export function nameOf(sha: string): string {
  return RELEASE_NAMES.find((name) => RELEASES[name].sha === sha) ?? sha.slice(0, 12)
}

/** One command of the story and how it must end. */
export interface Act {
  readonly title: string
  readonly argv: readonly string[]
  readonly exitCode: number
  readonly outcome: 'done' | 'failed' | 'reverted'
  /** Whether `backflip status` follows: which ways back are open now. */
  readonly thenLook?: true
}

const { r1, r2, r3, r4, r5 } = RELEASES

export const FIRST_ACT: Act = {
  title: 'deploy r1: the first release',
  argv: ['deploy', r1.sha, '--yes'],
  exitCode: 0,
  outcome: 'done',
}

/** Under traffic, in this order. */
export const ACTS: readonly Act[] = [
  { title: 'deploy r2: a flip', argv: ['deploy', r2.sha, '--yes'], exitCode: 0, outcome: 'done' },
  {
    title: 'deploy r3: it never gets healthy, so nobody ever sees it',
    argv: ['deploy', r3.sha, '--yes'],
    exitCode: 1,
    outcome: 'failed',
    thenLook: true,
  },
  {
    title: 'deploy r4: well in place, bad behind the edge; traffic goes back by itself',
    argv: ['deploy', r4.sha, '--yes'],
    exitCode: 5,
    outcome: 'reverted',
    thenLook: true,
  },
  { title: 'deploy r5: works', argv: ['deploy', r5.sha, '--yes'], exitCode: 0, outcome: 'done' },
  {
    title: 'fast rollback to r2: it still stands by, so this is one flip',
    argv: ['rollback', r2.sha, '--mode', 'fast', '--reason', 'the demo goes back', '--yes'],
    exitCode: 0,
    outcome: 'done',
  },
  {
    title: 'full rollback to r1: it is deployed again from the registry',
    argv: ['rollback', r1.sha, '--mode', 'full', '--reason', 'the demo goes further back', '--yes'],
    exitCode: 0,
    outcome: 'done',
  },
  { title: 'cleanup: r2 is stopped and taken away', argv: ['cleanup', '--yes'], exitCode: 0, outcome: 'done' },
]

/** Builds and publishes all five. Throws with what `publish` wrote when one is refused. */
export async function publishAll(stage: Stage, quiet: boolean): Promise<void> {
  for (const name of RELEASE_NAMES) {
    const { sha, variant } = RELEASES[name]
    const folders = await makeRelease({ to: join(stage.folder, 'build', name), variant, name })
    const sources = Object.entries(folders).map(([component, folder]) => `${component}=${folder}`)
    const { code, out, err } = await stage.backflip(['publish', '--sha', sha, ...sources], { quiet: true })
    if (code !== 0) throw new Error(`publish of ${name} ended with ${code}:\n${out}${err}`)
    if (!quiet) process.stdout.write(`${name} ${out}`)
  }
}
