import { BackflipError, refusal } from '../../domain/errors.ts'
import type { Topology } from '../../domain/topology.ts'
import type { TopologyChange } from '../../ports/edge.ts'
import { askControl } from './control.ts'
import { fenced, writeFenced } from './file-fence.ts'
import type { Host } from './host.ts'
import { readText } from './host.ts'
import { generationFolder, type Layout } from './layout.ts'
import { ask } from './look.ts'
import { prepareMaps } from './maps.ts'
import { askReload, isLeaving, isNobodyThere, isSocketError, type Processes, showProcesses } from './master.ts'
import { type RenderedConfig, renderConfig } from './render.ts'
import { unknown } from './tell.ts'

/** Another app's reload on the same edge. */
const LOCK_WAIT_MS = 20_000
const CHECK_TIMEOUT_MS = 20_000
const RELOAD_LIMIT_MS = 15_000
/** A worker listens before its master names it; a little more for a busy host. */
const LISTEN_LIMIT_MS = 2_000
const LEAVE_LIMIT_MS = 3_000
const PAUSE_MS = 10

export function render({ layout, config }: Host, topology: Topology): RenderedConfig {
  return renderConfig({ layout, mode: config.mode, bind: config.bind, maintenance: config.maintenance, topology })
}

/** `none` when the file is these very bytes and the running worker was made from them. */
export async function compare(host: Host, topology: Topology): Promise<TopologyChange> {
  const { text, hash } = render(host, topology)
  const [file, running] = await Promise.all([readText(host, host.layout.configFile), ask(host)])
  return file === text && (running === null || running.configHash === hash) ? 'none' : 'reload'
}

/** Validate, swap, reload, confirm; on any failure the old file is back, byte for byte, and the old worker serves. */
export async function apply(host: Host, topology: Topology, generation: number): Promise<TopologyChange> {
  await prepareMaps(host, generation, await ask(host))
  if ((await compare(host, topology)) === 'none') return 'none'
  await install(host, topology, generation)
  return 'reload'
}

/** Error `bad-edge-config`, or `edge-file-not-loaded` when HAProxy runs without our file: the file from before is back then too. */
export function install(host: Host, topology: Topology, generation: number): Promise<void> {
  return host.sharedLock.hold('edge-reload', LOCK_WAIT_MS, async () => {
    const wanted = render(host, topology)
    const before = await readText(host, host.layout.configFile)
    await validate(host, wanted.text, generation)
    await writeFenced(host, generation, host.layout.configFile, wanted.text)
    if (!(await isRunning(host))) return
    try {
      await reload(host, wanted.hash)
    } catch (error) {
      await restore(host, generation, before)
      throw error
    }
  })
}

/** An operator's HAProxy runs before it knows our file: then only its master answers. */
export async function isRunning(host: Host): Promise<boolean> {
  if ((await ask(host)) !== null) return true
  if (host.config.mode === 'managed') return false
  try {
    await showProcesses(host.transport, host.layout)
    return true
  } catch (error) {
    if (isNobodyThere(error)) return false
    throw isSocketError(error) ? unknown('the master of the edge does not answer', error) : error
  }
}

/** Where there was no file there is none again, or the operator's next reload would take it. The folder to rename into is the fence. */
async function restore(host: Host, generation: number, before: string | null): Promise<void> {
  const { transport, layout } = host
  if (before !== null) return writeFenced(host, generation, layout.configFile, before)
  await transport.rename(layout.configFile, `${generationFolder(layout, generation)}/refused.cfg`)
}

/** `haproxy -c` over everything HAProxy is started with, ours replaced by the candidate. */
async function validate({ transport, layout, config }: Host, text: string, generation: number): Promise<void> {
  const candidate = `${generationFolder(layout, generation)}/candidate.cfg`
  await writeFenced({ transport, layout }, generation, candidate, text)
  const files = layout.configFiles.map((file) => (file === layout.configFile ? candidate : file))
  const result = await transport.run([config.binary, '-c', ...files.flatMap((file) => ['-f', file])], {
    timeoutMs: CHECK_TIMEOUT_MS,
  })
  // The candidate lies in the generation's folder: gone with it, it is not a bad configuration.
  if ((await transport.listFolder(generationFolder(layout, generation))) === null) throw fenced(generation, layout)
  await transport.remove(candidate)
  if (result.exitCode !== 0) throw badConfig('HAProxy refuses the configuration', `${result.stdout}\n${result.stderr}`)
}

/** Also used by `start`, before there is a generation: the file is validated where it stands. */
export async function validateFiles({ transport, layout, config }: Host): Promise<void> {
  const result = await transport.run([config.binary, '-c', ...layout.configFiles.flatMap((file) => ['-f', file])], {
    timeoutMs: CHECK_TIMEOUT_MS,
  })
  if (result.exitCode !== 0) throw badConfig('HAProxy refuses the configuration', `${result.stdout}\n${result.stderr}`)
}

function badConfig(message: string, output: string): BackflipError {
  const lines = output.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('[NOTICE]'))
  return new BackflipError(message, {
    code: 'bad-edge-config',
    kind: 'failed',
    details: [...lines.slice(0, 12), 'the configuration from before is in place, and the worker from before serves'],
    hint: 'mend what the lines name, in backflip.yaml or in a file of edge.configFiles; then: the same command',
  })
}

/** The reload went well, and nobody listens where our file says: it is not among the files of HAProxy's command line, which a reload does not change. */
function notLoaded({ configFile }: Layout): BackflipError {
  return refusal('HAProxy runs, and is not started with our file', {
    code: 'edge-file-not-loaded',
    details: [configFile, 'it was reloaded, and serves what it served'],
    hint: `start it with -f ${configFile} behind its other files (on Debian: EXTRAOPTS in /etc/default/haproxy), restart it once, then: backflip up`,
  })
}

async function reload(host: Host, hash: string): Promise<void> {
  const before = await showProcesses(host.transport, host.layout)
  const refused = await askReload(host.transport, host.layout)
  if (refused !== null) throw badConfig('HAProxy refused to reload', refused)
  await awaitNewWorker(host, before, hash)
  if (before.worker !== null) await awaitLeaving(host, before.worker)
}

/** 2.6 says nothing on the socket: a new worker, or one more failed reload, is the answer (research/haproxy.md §14). */
async function awaitNewWorker({ transport, layout, clock }: Host, before: Processes, hash: string): Promise<void> {
  const begun = clock.monotonicMs()
  let newSince: number | null = null
  for (;;) {
    try {
      const now = await showProcesses(transport, layout)
      if (now.failed > before.failed) throw badConfig('HAProxy refused to reload', '')
      if (now.worker !== null && now.worker !== before.worker) newSince ??= clock.monotonicMs()
      const answer = await askControl(transport, layout, { path: '/' })
      if (
        now.worker !== null &&
        now.worker !== before.worker &&
        answer.worker === now.worker &&
        answer.configHash === hash
      )
        return
    } catch (error) {
      if (!isSocketError(error)) throw error
      const waitedMs = newSince === null ? 0 : clock.monotonicMs() - newSince
      if (isNobodyThere(error) && waitedMs >= LISTEN_LIMIT_MS) throw notLoaded(layout)
    }
    if (clock.monotonicMs() - begun >= RELOAD_LIMIT_MS)
      throw badConfig(`no new worker serves after ${RELOAD_LIMIT_MS} ms`, '')
    await clock.sleep(PAUSE_MS)
  }
}

async function awaitLeaving({ transport, layout, clock }: Host, worker: number): Promise<void> {
  const begun = clock.monotonicMs()
  while (clock.monotonicMs() - begun < LEAVE_LIMIT_MS) {
    try {
      if (await isLeaving(transport, layout, worker)) return
    } catch (error) {
      if (!isSocketError(error)) throw error
    }
    await clock.sleep(PAUSE_MS)
  }
}
