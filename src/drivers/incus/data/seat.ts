import { BackflipError } from '../../../domain/errors.ts'
import type { Devices, Instance, Keys } from '../instances.ts'
import { LABEL, PREFIX, type Stamp, stampKeys } from './labels.ts'

/** An instance's own keys, devices and profiles: what one change replaces as a whole. */
export type Settings = Pick<Instance, 'config' | 'devices' | 'profiles'>

/**
 * A *seat* is everything that makes an instance the live one but its name and its data: network with addresses and hardware addresses, volumes, limits, start at
 * boot, profiles, and the operator's own keys. What lies on its disk, what it was made from, and its identity stay with the instance.
 */

/** Ways out and in, and volumes that the live one writes to: two instances must not have them at once. Read-only disks are harmless. */
export function withoutSeat(expanded: Devices): Devices {
  const taken = Object.entries(expanded).filter(
    ([, device]) =>
      ['nic', 'infiniband', 'proxy'].includes(device.type ?? '') || (isVolume(device) && device.readonly !== 'true'),
  )
  return Object.fromEntries(taken.map(([name]) => [name, { type: 'none' }]))
}

/** A disk device that is not the root: a custom volume, or a folder of the host. */
export function isVolume(device: Keys): boolean {
  return device.type === 'disk' && device.path !== '/'
}

/** A stopped instance must not hold the address either: Incus counts it at the other one's start (research/incus.md §3). */
export function leaveSeat(found: Instance, stamp: Stamp): Settings {
  // Half way back to its seat: what it remembers is what was replaced first.
  const live = isReturning(found) ? { ...found, ...sitAgain(found) } : found
  const kept = {
    ...stampKeys(stamp, 'kept'),
    'boot.autostart': 'false',
    [LABEL.uuid]: live.config['volatile.uuid'] ?? '',
  }
  const lost = [...Object.keys(kept), ...Object.keys(live.config).filter(isHardwareAddress)]
  const replaced = lost.map((key) => [key, live.config[key] ?? null] as const)
  const memory: LeftMemory = { config: Object.fromEntries(replaced), devices: live.devices }
  return {
    config: { ...live.config, ...kept, [LABEL.left]: JSON.stringify(memory) },
    devices: { ...live.devices, ...withoutSeat(live.expanded.devices) },
    profiles: live.profiles,
  }
}

/** The opposite of `leaveSeat`, its first half. Incus forgets the hardware address of a device that comes with the same change (its `deviceVolatileReset`). */
export function takeDevices(live: Instance): Settings {
  const config = { ...live.config, [LABEL.returning]: 'true' }
  return { config, devices: leftMemory(live).devices, profiles: live.profiles }
}

export function isReturning({ config }: Instance): boolean {
  return config[LABEL.returning] === 'true'
}

/** The opposite of `leaveSeat`, its second half. */
export function sitAgain(live: Instance): Settings {
  const { config, devices } = leftMemory(live)
  const { [LABEL.left]: _left, [LABEL.returning]: _returning, ...rest } = live.config
  return { config: putBack(rest, config), devices, profiles: live.profiles }
}

/** `kept` has left the seat that is taken here. */
export function takeSeat(copy: Instance, kept: Instance, stamp: Stamp): Settings {
  const left = leftMemory(kept)
  const seat = putBack(seatKeys(kept.config), { 'boot.autostart': left.config['boot.autostart'] ?? null })
  const { config, devices, profiles } = copy
  const memory: BeforeMemory = {
    config: { ...seatKeys(config), ...pick(config, MOVING_LABELS) },
    devices,
    profiles,
  }
  return {
    config: {
      ...ownKeys(config),
      ...seat,
      ...stampKeys(stamp, 'live'),
      [LABEL.uuid]: config['volatile.uuid'] ?? '',
      [LABEL.before]: JSON.stringify(memory),
    },
    devices: { ...left.devices, ...rootFor(copy, left.devices) },
    profiles: kept.profiles,
  }
}

/** What a network knows the instance by, and leases are given to. A change of its own: see `takeDevices`. */
export function takeAddresses({ config, devices, profiles }: Instance, kept: Instance): Settings {
  return { config: putBack(config, addressKeys(leftMemory(kept))), devices, profiles }
}

export function hasAddresses({ config }: Instance, kept: Instance): boolean {
  return Object.entries(addressKeys(leftMemory(kept))).every(([key, value]) => config[key] === (value ?? undefined))
}

/** The opposite of `takeSeat`. */
export function giveSeatBack(copy: Instance): Settings {
  const { config, devices, profiles } = JSON.parse(textOf(copy, LABEL.before)) as BeforeMemory
  const { [LABEL.before]: _forgotten, ...own } = ownKeys(copy.config)
  return { config: { ...own, ...config }, devices, profiles }
}

interface LeftMemory {
  readonly config: { readonly [key: string]: string | null }
  readonly devices: Devices
}

type BeforeMemory = Settings

const MOVING_LABELS = [LABEL.role, LABEL.service, LABEL.of, LABEL.operation, LABEL.since, LABEL.uuid]

function addressKeys({ config }: LeftMemory): LeftMemory['config'] {
  return Object.fromEntries(Object.entries(config).filter(([key]) => isHardwareAddress(key)))
}

function isHardwareAddress(key: string): boolean {
  return /^volatile\..+\.hwaddr$/.test(key)
}

/** The operator's keys, and the hardware addresses, by which a network knows the instance and leases are given. */
function isSeatKey(key: string): boolean {
  if (isHardwareAddress(key)) return true
  return !key.startsWith('volatile.') && !key.startsWith('image.') && !key.startsWith(PREFIX)
}

function seatKeys(config: Keys): Keys {
  return pick(config, Object.keys(config).filter(isSeatKey))
}

/** Identity, origin, and what our labels remember. */
function ownKeys(config: Keys): Keys {
  return pick(
    config,
    Object.keys(config).filter((key) => !isSeatKey(key) && !MOVING_LABELS.some((label) => label === key)),
  )
}

function pick(config: Keys, keys: readonly string[]): Keys {
  return Object.fromEntries(keys.flatMap((key) => (config[key] === undefined ? [] : [[key, config[key]]])))
}

/** Null takes a key away. */
function putBack(config: Keys, replaced: LeftMemory['config']): Keys {
  const next: { [key: string]: string } = { ...config }
  for (const [key, value] of Object.entries(replaced)) {
    if (value === null) delete next[key]
    else next[key] = value
  }
  return next
}

/** The disk is the instance's own; its size is the seat's, where both say their root themselves and it is one pool. */
function rootFor(copy: Instance, left: Devices): Devices {
  const rootOf = (devices: Devices) =>
    Object.entries(devices).find(([, one]) => one.type === 'disk' && one.path === '/')
  const [own, seat] = [rootOf(copy.devices), rootOf(left)]
  if (own === undefined) return {}
  return own[0] === seat?.[0] && own[1].pool === seat[1].pool ? {} : { [own[0]]: own[1] }
}

function leftMemory(instance: Instance): LeftMemory {
  return JSON.parse(textOf(instance, LABEL.left)) as LeftMemory
}

function textOf({ name, config }: Instance, label: string): string {
  const text = config[label]
  if (text !== undefined) return text
  throw new BackflipError(`${name} has lost its label ${label}, by which it would go back`, {
    code: 'seat-forgotten',
    kind: 'person',
    hint: `incus config show ${name}`,
  })
}
