/**
 * `npm run demo`: releases go out and come back under live traffic, on a real HAProxy with the real command line, in a folder of its own.
 * Ends with a table, and with exit code 0 only when every number is what it should be. `--json` prints the summary alone.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { readOperations } from './demo/operations.ts'
import type { CliEnd } from './demo/run-cli.ts'
import { type Stage, setStage } from './demo/stage.ts'
import { ACTS, type Act, FIRST_ACT, publishAll, RELEASES } from './demo/story.ts'
import { renderTable } from './demo/table.ts'
import { judge, type Played } from './demo/verdict.ts'
import { startTraffic, summarize, type Traffic } from './traffic.ts'

/** Before and after each act: traffic on a release that nobody touches. */
const PAUSE_MS = 500

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } })
const isQuiet = values.json
const interrupted = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => interrupted.abort(name))
// A reader that went away (`npm run demo | head`) ends the demo as Ctrl-C does; otherwise what runs would stay behind.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => interrupted.abort('SIGPIPE'))

process.exitCode = await demo()

async function demo(): Promise<number> {
  const stage = await setStage(interrupted.signal)
  let traffic: Traffic | null = null
  let played: Omit<Played, 'leftovers'> | null = null
  let leftovers: readonly string[] = []
  try {
    say(`A demo in ${stage.folder}, with HAProxy at ${stage.url}`)
    await publishAll(stage, isQuiet)
    const exitCodes = [await play(stage, FIRST_ACT)]
    traffic = startTraffic({ url: stage.url })
    say('traffic: 8 keep-alive, 4 fresh, 2 slow, 4 event streams, 4 websockets; every answer is checked')
    for (const act of ACTS) {
      await sleep(PAUSE_MS)
      exitCodes.push(await play(stage, act))
    }
    await sleep(PAUSE_MS)
    played = await look(stage, traffic, exitCodes)
  } catch (error) {
    if (!interrupted.signal.aborted) throw error
  } finally {
    leftovers = await strike(stage, traffic)
  }
  if (played === null) {
    process.stderr.write('interrupted: everything is stopped and taken away\n')
    return 130
  }
  return report({ ...played, leftovers })
}

/** Takes everything away, whatever became of the traffic. */
async function strike(stage: Stage, traffic: Traffic | null): Promise<readonly string[]> {
  const [ended, cleared] = await Promise.allSettled([traffic?.stop(), stage.clear()])
  if (ended.status === 'rejected') throw ended.reason
  if (cleared.status === 'rejected') throw cleared.reason
  return cleared.value
}

async function play(stage: Stage, { title, argv, thenLook }: Act): Promise<number> {
  say(`\n── ${title}`)
  const { code } = await type(stage, argv)
  if (thenLook === true) await type(stage, ['status'])
  return code
}

async function type(stage: Stage, argv: readonly string[]): Promise<CliEnd> {
  interrupted.signal.throwIfAborted()
  say(`$ backflip ${argv.map((part) => (part.includes(' ') ? `"${part}"` : part)).join(' ')}`)
  const end = await stage.backflip(argv, { quiet: isQuiet })
  interrupted.signal.throwIfAborted()
  return end
}

async function look(stage: Stage, traffic: Traffic, exitCodes: readonly number[]): Promise<Omit<Played, 'leftovers'>> {
  const log = await traffic.stop()
  const operations = await readOperations(stage)
  const verified = await stage.backflip(['history', '--verify'], { quiet: true })
  const flips = operations.flatMap((operation) => operation.flips)
  return {
    exitCodes,
    operations,
    traffic: summarize(log.records(), { flips, bad: [RELEASES.r4.sha] }),
    isHistoryWhole: verified.code === 0,
  }
}

function report(played: Played): number {
  const checks = judge(played)
  const isGood = checks.every(({ isTrue }) => isTrue)
  if (isQuiet) {
    const operations = played.operations.map(({ plan, flips, ...told }) => ({
      kind: plan.kind,
      mode: plan.mode,
      target: plan.target,
      ...told,
      flips,
    }))
    console.log(JSON.stringify({ ok: isGood, operations, traffic: played.traffic, checks }))
  } else {
    console.log(`\n${renderTable(played, checks).join('\n')}`)
  }
  return isGood ? 0 : 1
}

function say(text: string): void {
  if (!isQuiet) console.log(text)
}
