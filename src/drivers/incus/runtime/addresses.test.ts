import { describe, expect, it } from 'vitest'
import { COLORS } from '../../../domain/color.ts'
import { type AppName, type ComponentName, type EnvironmentName, parseSha } from '../../../domain/ids.ts'
import type { Manifest } from '../../../domain/release.ts'
import { oneOffAddress, placesOf, topologyOf } from './addresses.ts'
import { readContainerName } from './names.ts'

const owner = { app: 'veza' as AppName, environment: 'staging' as EnvironmentName }
const config = {
  namePattern: '{app}-{environment}-{component}-{color}',
  port: 8080,
  addresses: { first: '10.0.0.250', last: '10.0.1.10', static: { gateway: '10.0.0.1', prefix: 16 } },
}

function release(components: { readonly [name: string]: number }): Manifest {
  const parts = Object.entries(components).map(([name, instances]) => ({ name: name as ComponentName, instances }))
  return { app: owner.app, sha: parseSha('a'.repeat(40)), components: parts } as unknown as Manifest
}

const shown = (color: 'blue' | 'green', manifest: Manifest, with_ = config) =>
  placesOf(with_, owner, color, manifest).map(({ address }) => `${address.name} ${address.host}`)

describe('names and addresses', () => {
  it('are the runbook’s, in the order of names, across the end of a byte', () => {
    const manifest = release({ web: 2, backend: 1 })
    expect(shown('blue', manifest)).toEqual([
      'veza-staging-backend-blue 10.0.0.250',
      'veza-staging-web-blue 10.0.0.251',
      'veza-staging-web-blue-2 10.0.0.252',
    ])
    expect(shown('green', manifest)[0]).toBe('veza-staging-backend-green 10.0.1.2')
    expect(topologyOf(config, owner, 'blue', manifest).map(({ name, servers }) => `${name} ${servers.length}`)).toEqual(
      ['backend 1', 'web 2'],
    )
  })

  it('of colors and one-offs never meet, however many there are', () => {
    const manifest = release({ a: 4, b: 4 })
    const hosts = COLORS.flatMap((color) => placesOf(config, owner, color, manifest).map(({ address }) => address.host))
    expect(new Set([...hosts, oneOffAddress(config)]).size).toBe(17)
  })

  it.each(['{app}-{environment}-{component}-{color}', '{component}-{color}', '{color}-{component}-{environment}'])(
    'are read back from %s, and a stranger’s is not',
    (namePattern) => {
      for (const place of placesOf({ ...config, namePattern }, owner, 'green', release({ web: 2, 'api-v2': 1 }))) {
        const { component, color } = place
        expect(readContainerName({ namePattern }, owner, place.address.name)).toEqual({ component, color })
      }
      expect(readContainerName({ namePattern }, owner, 'postgres')).toBeNull()
    },
  )

  it('that the range does not have are refused, with the width that would do', () => {
    expect(() => shown('blue', release({ web: 9 }))).toThrow(
      expect.objectContaining({ code: 'range-too-small', hint: expect.stringContaining('19') as string }),
    )
  })

  it('that two instances would share are refused', () => {
    const pattern = { ...config, namePattern: '{color}-{component}' }
    expect(() => shown('blue', release({ web: 2, 'web-2': 1 }), pattern)).toThrow(
      expect.objectContaining({ code: 'same-name' }),
    )
  })

  it('that Incus would not take are refused before it is asked', () => {
    const pattern = { ...config, namePattern: `{component}-{color}-${'x'.repeat(60)}` }
    expect(() => shown('blue', release({ web: 1 }), pattern)).toThrow(
      expect.objectContaining({ code: 'bad-incus-name' }),
    )
  })
})
