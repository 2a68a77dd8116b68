import { setTimeout as wait } from 'node:timers/promises'
import { type Machine, type Place, PREFIX_LENGTH } from '../place.ts'
import type { Incus } from './incus.ts'

const TRIES = 300
const PAUSE_MS = 200

/** A container with that name and address, running and booted. One that is there keeps what it is. */
export async function startMachine(incus: Incus, place: Place, { name, address }: Machine): Promise<void> {
  if (!(await incus.knows(['config', 'show', name]))) {
    const config = [`user.ipv4=${address}/${PREFIX_LENGTH}`, `user.gw=${place.gateway}`, 'boot.autostart=true']
    await incus.must(['init', place.image, name, '--quiet', ...config.flatMap((one) => ['-c', one])])
    // Incus refuses it to anybody else from now on.
    await incus.must(['config', 'device', 'override', name, 'eth0', `ipv4.address=${address}`])
  }
  const state = await incus.must(['list', name, '--format', 'csv', '-c', 's'])
  if (state.trim() !== 'RUNNING') await incus.must(['start', name])
  // Before that systemd takes no orders.
  await until(`${name} does not boot`, async () =>
    /^(running|degraded)/.test((await incus.ask(['exec', name, '-T', '--', 'systemctl', 'is-system-running'])).out),
  )
}

/** Runs argv in a container; throws unless it ends with 0. Gives what it wrote. */
export function inside(incus: Incus, name: string, argv: readonly string[], input = ''): Promise<string> {
  return incus.must(['exec', name, '-T', '--', ...argv], input)
}

/** A file in a container, with these words. */
export async function putFile(incus: Incus, name: string, path: string, text: string): Promise<void> {
  await incus.must(['file', 'push', '-', `${name}${path}`, '--create-dirs', '--mode', '0644'], text)
}

export async function until(problem: string, condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 1; !(await condition()); tries += 1) {
    if (tries >= TRIES) throw new Error(problem)
    await wait(PAUSE_MS)
  }
}
