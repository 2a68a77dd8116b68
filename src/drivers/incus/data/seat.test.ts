import { describe, expect, it } from 'vitest'
import { parseOperationId } from '../../../domain/ids.ts'
import type { Devices, Instance, Keys } from '../instances.ts'
import { parseInstanceName } from '../names.ts'
import { isOurs, type Stamp } from './labels.ts'
import {
  giveSeatBack,
  hasAddresses,
  leaveSeat,
  type Settings,
  sitAgain,
  takeAddresses,
  takeDevices,
  takeSeat,
  withoutSeat,
} from './seat.ts'

const live = parseInstanceName('pg')
const NONE = { type: 'none' }
const ROOT = { type: 'disk', path: '/', pool: 'fast', size: '20GiB' }
const NIC = { type: 'nic', network: 'br0', name: 'eth0', 'ipv4.address': '10.0.0.2' }
const stamp = (n: number): Stamp => ({
  service: 'postgres',
  of: live,
  operation: parseOperationId(`01890000-0000-7000-8000-00000000000${n}`),
  since: `2026-01-0${n}T00:00:00Z`,
})

function instance(name: string, config: Keys, devices: Devices, fromProfiles: Devices = {}): Instance {
  return {
    name: parseInstanceName(name),
    status: 'Stopped',
    config,
    devices,
    profiles: ['default'],
    expanded: { config, devices: { ...fromProfiles, ...devices } },
    startedAt: null,
    createdAt: '',
    location: 'none',
  }
}

function changed(before: Instance, { config, devices, profiles }: Settings): Instance {
  return {
    ...before,
    config,
    devices,
    profiles,
    expanded: { config, devices: { ...before.expanded.devices, ...devices } },
  }
}

const old = instance(
  'pg',
  {
    'boot.autostart': 'true',
    'limits.memory': '8GiB',
    'user.note': 'new',
    'volatile.uuid': 'old',
    'volatile.eth0.hwaddr': '00:16:3e:00:00:01',
    'image.os': 'old',
  },
  { root: ROOT, eth0: NIC, web: { type: 'proxy', listen: 'tcp:0.0.0.0:5432', connect: 'tcp:127.0.0.1:5432' } },
  { backup: { type: 'disk', path: '/backup', source: 'vol', pool: 'fast' } },
)
const copy = instance(
  'pg-copy',
  {
    'boot.autostart': 'false',
    'limits.memory': '1GiB',
    'volatile.uuid': 'new',
    'image.os': 'copied',
    'user.backflip.role': 'copy',
    'user.backflip.operation': stamp(1).operation,
  },
  { root: { ...ROOT, size: '10GiB' }, eth0: NONE, web: NONE, backup: NONE },
)

describe('a seat', () => {
  // As Incus does with a device that goes, and with one that comes.
  const forget = ({ config: { 'volatile.eth0.hwaddr': _forgotten, ...config }, ...rest }: Settings) => ({
    ...rest,
    config,
  })
  const left = changed(old, forget(leaveSeat(old, stamp(1))))
  const seated = changed(copy, forget(takeSeat(copy, left, stamp(1))))
  const taken = changed(seated, takeAddresses(seated, left))

  it('is left with its addresses, its ways in and the volumes that are written to; read-only disks stay', () => {
    expect(left.devices).toEqual({ root: ROOT, eth0: NONE, web: NONE, backup: NONE })
    expect(left.config).toMatchObject({
      'boot.autostart': 'false',
      'limits.memory': '8GiB',
      'user.backflip.role': 'kept',
    })
    expect(
      withoutSeat({ bin: { type: 'disk', path: '/opt/node', source: '/opt/node', readonly: 'true' }, root: ROOT }),
    ).toEqual({})
  })

  it('is taken with everything that the operator set since: limits, notes, devices, hardware address; not with the old one’s identity', () => {
    expect(taken.devices).toEqual(old.devices)
    expect(taken.profiles).toEqual(old.profiles)
    expect(taken.config).toMatchObject({
      'boot.autostart': 'true',
      'limits.memory': '8GiB',
      'user.note': 'new',
      'volatile.eth0.hwaddr': '00:16:3e:00:00:01',
      'volatile.uuid': 'new',
      'image.os': 'copied',
      'user.backflip.role': 'live',
    })
  })

  it('is left and taken again as if nothing had been', () => {
    const returning = changed(old, forget(takeDevices(left)))
    expect(sitAgain(returning)).toEqual({ config: old.config, devices: old.devices, profiles: old.profiles })
    // Whoever goes forward again from there remembers what was there first.
    expect(forget(leaveSeat(returning, stamp(1)))).toEqual({
      config: left.config,
      devices: left.devices,
      profiles: left.profiles,
    })
    expect(giveSeatBack(taken)).toEqual({ config: copy.config, devices: copy.devices, profiles: copy.profiles })
  })

  it('is whole only with the hardware address, which takes a change of its own', () => {
    expect([hasAddresses(seated, left), hasAddresses(taken, left)]).toEqual([false, true])
  })

  it('goes to and fro without growing: what is remembered does not remember', () => {
    let [seated, aside] = [taken, left]
    const sizes: number[] = []
    for (let n = 2; n <= 9; n += 1) {
      const leaving = changed(seated, forget(leaveSeat(seated, stamp(n))))
      const taking = changed(aside, forget(takeSeat(aside, leaving, stamp(n))))
      ;[seated, aside] = [changed(taking, takeAddresses(taking, leaving)), leaving]
      sizes.push(JSON.stringify([seated.config, aside.config]).length)
    }
    expect(Math.max(...sizes)).toBeLessThanOrEqual(Math.max(...sizes.slice(0, 2)))
    expect(seated.devices).toEqual(old.devices)
  })

  it('keeps its own root disk when the pools differ, and its own profile’s when it says none', () => {
    const elsewhere = { ...copy, devices: { ...copy.devices, root: { ...ROOT, pool: 'slow' } } }
    expect(takeSeat(elsewhere, left, stamp(1)).devices.root).toMatchObject({ pool: 'slow' })
  })

  it('that has lost what it remembers is for a person', () => {
    expect(() => sitAgain(old)).toThrow(expect.objectContaining({ code: 'seat-forgotten', kind: 'person' }))
  })

  it('is ours by the instance’s own id: somebody’s copy of ours has our labels and another id', () => {
    const renamed = { ...left, name: parseInstanceName('pg-kept') }
    expect(isOurs(renamed, live)).toBe(true)
    expect(isOurs({ ...renamed, config: { ...renamed.config, 'volatile.uuid': 'theirs' } }, live)).toBe(false)
  })
})
