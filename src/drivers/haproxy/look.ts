import type { EdgeView } from '../../ports/edge.ts'
import { askControl, type ControlAnswer } from './control.ts'
import type { Host } from './host.ts'
import { readText } from './host.ts'
import { isNobodyThere, isSocketError } from './master.ts'
import { parseName, parseNames } from './names-file.ts'
import { runningPid } from './process.ts'
import { parseStateFile, type StateFile } from './state-file.ts'
import { unknown } from './tell.ts'

/** A reload or a start that is under way: the socket is not there for an instant. */
const SETTLE_MS = 600
const PAUSE_MS = 20

/** One bounded look at memory and files. */
export async function look(host: Host): Promise<EdgeView> {
  const { layout } = host
  const [answer, file, names, active] = await Promise.all([
    ask(host),
    readStateFile(host),
    readText(host, layout.namesMap),
    readText(host, layout.activeColor),
  ])
  const known = parseNames(names ?? '')
  const word = active?.trim() ?? null
  if (answer !== null && answer.state === null) {
    throw unknown(
      'the edge’s memory holds an entry for this environment that is none of ours',
      new Error(`state map entry of ${layout.key}`),
    )
  }
  return {
    memory: answer?.state ?? null,
    file: file?.state ?? null,
    anchor: file?.anchor ?? null,
    releases:
      answer === null
        ? { blue: known.blue, green: known.green }
        : { blue: parseName(answer.names.blue), green: parseName(answer.names.green) },
    servers: {
      blue: (answer?.servers ?? []).filter(({ color }) => color === 'blue'),
      green: (answer?.servers ?? []).filter(({ color }) => color === 'green'),
    },
    worker: answer?.worker ?? null,
    activeColorFile: word === '' ? null : word,
  }
}

/** Null when HAProxy does not run. Error `edge-unknown` when it runs and does not answer. */
export async function ask(host: Host): Promise<ControlAnswer | null> {
  const { transport, layout, clock } = host
  const begun = clock.monotonicMs()
  for (;;) {
    try {
      return await askControl(transport, layout, { path: '/' })
    } catch (error) {
      if (!isSocketError(error)) throw error
      if (isNobodyThere(error) && !(await mayRun(host))) return null
      if (!isNobodyThere(error) || clock.monotonicMs() - begun >= SETTLE_MS)
        throw unknown('the edge runs and does not answer', error)
      await clock.sleep(PAUSE_MS)
    }
  }
}

/** A managed HAProxy is known by its recorded process; somebody else's by whether anybody listens. */
async function mayRun(host: Host): Promise<boolean> {
  return host.config.mode === 'managed' && (await runningPid(host)) !== null
}

export async function readStateFile(host: Host): Promise<StateFile | null> {
  const text = await readText(host, host.layout.stateMap)
  return text === null ? null : parseStateFile(host.layout.key, text)
}
