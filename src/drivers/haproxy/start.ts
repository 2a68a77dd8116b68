import { BackflipError, refusal } from '../../domain/errors.ts'
import type { Topology } from '../../domain/topology.ts'
import { install, isRunning, render, validateFiles } from './apply.ts'
import { currentGeneration, writeFenced } from './file-fence.ts'
import type { Host } from './host.ts'
import { readText } from './host.ts'
import { ask } from './look.ts'
import { prepareMaps } from './maps.ts'
import { findProcess, startProcess, stopProcess } from './process.ts'

/**
 * Makes sure that HAProxy serves what its state file names. A managed one is started. An operator's is reloaded by its master when it runs and does
 * not know our file yet; when it does not run, or is started without our file, that is theirs, and the error says what to do.
 */
export async function start(host: Host, topology: Topology): Promise<void> {
  const { config, layout, transport } = host
  await transport.makeFolder(layout.folder)
  const generation = await currentGeneration(host)
  if (config.mode === 'managed') await findProcess(host)
  const running = await ask(host)
  await prepareMaps(host, generation, running)
  if (running !== null) return
  if (config.mode === 'attached') return joinOperators(host, topology, generation)
  await refuseTakenPort(host)
  await writeFenced(host, generation, layout.configFile, render(host, topology).text)
  await validateFiles(host)
  await startProcess(host, async () => (await ask(host)) !== null)
}

/** Whatever comes out, our file is there afterwards: HAProxy does not start with a file on its command line that is not. */
async function joinOperators(host: Host, topology: Topology, generation: number): Promise<void> {
  const { layout } = host
  const write = () => writeFenced(host, generation, layout.configFile, render(host, topology).text)
  if (await isRunning(host)) {
    try {
      return await install(host, topology, generation)
    } catch (error) {
      if (error instanceof BackflipError && error.code === 'edge-file-not-loaded') await write()
      throw error
    }
  }
  await write()
  throw refusal('HAProxy does not run; our file for it is written', {
    code: 'edge-not-running',
    details: [layout.configFile],
    hint: `start HAProxy by the service manager it belongs to, with -f ${layout.configFile} behind its other files; then: backflip up`,
  })
}

/** SO_REUSEPORT: a second HAProxy on a port does not fail, and the kernel shares the traffic between the two (research/haproxy.md §16, 14). */
async function refuseTakenPort(host: Host): Promise<void> {
  const { host: name, port } = host.config.bind
  if (!(await isListening(host, port))) return
  throw new BackflipError(`somebody else listens on ${name}:${port}`, {
    code: 'port-taken',
    kind: 'refused',
    details: ['a second HAProxy on the same port would share its traffic, without an error'],
    hint: 'choose another edge.bind, or stop what listens there',
  })
}

/** Column `st` of /proc/net/tcp: 0A is LISTEN (proc(5)). Read through the transport, as the port is the other host's. */
async function isListening(host: Host, port: number): Promise<boolean> {
  const wanted = new RegExp(`:${port.toString(16).toUpperCase().padStart(4, '0')} [0-9A-F]+:0000 0A `)
  const tables = await Promise.all(['/proc/net/tcp', '/proc/net/tcp6'].map((path) => readText(host, path)))
  return tables.some((table) => table !== null && wanted.test(table))
}

export async function stop(host: Host): Promise<void> {
  if (host.config.mode === 'managed') await stopProcess(host)
}
