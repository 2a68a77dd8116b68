import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const FORWARDER = fileURLToPath(new URL('./forwarder.ts', import.meta.url))

/** Of the block for documentation (RFC 7042 §2.1.2), locally administered. */
const FAR_MAC = '02:00:5e:00:53:02'

/**
 * Two hosts, which are network namespaces, and a cable between them, which is a veth pair: the one that Backflip works on, and the one that has the
 * public address. A cable that is taken out leaves connections hanging, where a closed port would refuse them (research/reliability.md §6.4, "partition").
 */
export interface TwoHosts {
  /** The deploy host's own address, where its HAProxy listens. */
  readonly inside: string
  /** The public address, reached over the cable. */
  readonly outside: string
  /** Puts a command on the deploy host. */
  readonly under: readonly string[]
  /** Shell commands, for hooks. */
  readonly takeOut: string
  readonly putIn: string
  readonly plug: () => void
  /** The public address hands every connection on to the deploy host's HAProxy. */
  readonly forward: (port: number) => Promise<void>
  /** A body, asked from the deploy host itself. */
  readonly ask: (url: string) => string
  /** Ends what still runs in them, and says how many that were. */
  readonly close: () => Promise<number>
}

export function twoHosts(): TwoHosts {
  const [near, far] = [`bf-near-${process.pid}`, `bf-far-${process.pid}`] as const
  const [inside, outside] = ['198.51.100.1', '198.51.100.2'] as const
  for (const name of [near, far]) ip('netns', 'add', name)
  ip('-n', near, 'link', 'add', 'cable', 'type', 'veth', 'peer', 'name', 'cable', 'netns', far)
  for (const [name, address] of [
    [near, inside],
    [far, outside],
  ] as const) {
    ip('-n', name, 'address', 'add', `${address}/24`, 'dev', 'cable')
    for (const device of ['lo', 'cable']) ip('-n', name, 'link', 'set', device, 'up')
  }
  // Known for good: else the kernel asks who has the address, gives up after three seconds, and a connection fails instead of hanging.
  ip('-n', far, 'link', 'set', 'cable', 'address', FAR_MAC)
  ip('-n', near, 'neighbour', 'add', outside, 'lladdr', FAR_MAC, 'dev', 'cable', 'nud', 'permanent')
  const under = ['ip', 'netns', 'exec', near]
  const set = (state: 'up' | 'down') => ['-n', far, 'link', 'set', 'cable', state]
  let forwarder: ChildProcess | null = null
  return {
    inside,
    outside,
    under,
    takeOut: `ip ${set('down').join(' ')}`,
    putIn: `ip ${set('up').join(' ')}`,
    plug: () => ip(...set('up')),
    async forward(port) {
      const argv = ['netns', 'exec', far, process.execPath, FORWARDER, outside, inside, String(port)]
      forwarder = spawn('ip', argv, { stdio: ['ignore', 'pipe', 'inherit'] })
      if (forwarder.stdout !== null) await once(forwarder.stdout, 'data')
    },
    ask(url) {
      const script = 'fetch(process.argv[1]).then((answer) => answer.text()).then(console.log)'
      return ip('netns', 'exec', near, process.execPath, '-e', script, url)
    },
    async close() {
      if (forwarder !== null && forwarder.exitCode === null) {
        const ended = once(forwarder, 'exit')
        forwarder.kill('SIGKILL')
        await ended
      }
      const left = [near, far].flatMap((name) =>
        ip('netns', 'pids', name)
          .split('\n')
          .filter((pid) => pid !== ''),
      )
      for (const pid of left) process.kill(Number(pid), 'SIGKILL')
      for (const name of [near, far]) ip('netns', 'delete', name)
      return left.length
    },
  }
}

function ip(...args: readonly string[]): string {
  try {
    return execFileSync('ip', args, { encoding: 'utf8', stdio: 'pipe', timeout: 10_000 })
  } catch (cause) {
    throw new Error(`ip ${args.join(' ')}: these tests need root and the Debian package iproute2`, { cause })
  }
}
