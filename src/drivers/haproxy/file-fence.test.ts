import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseAppName, parseEnvironmentName } from '../../domain/ids.ts'
import type { Transport } from '../../ports/transport.ts'
import { localTransport } from '../local/transport.ts'
import { currentGeneration, takeGeneration, writeFenced } from './file-fence.ts'
import type { Host } from './host.ts'
import { layoutOf } from './layout.ts'

describe('the fence in the file system', () => {
  let folder: string
  const fence = () => readdirSync(join(folder, 'fence'))
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bf-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const hostWith = (change: Partial<Transport> = {}): Host => {
    const config = { folder, mode: 'managed', configFiles: [], adminSocket: null, masterSocket: null } as never
    const layout = layoutOf(config, parseAppName('shop'), parseEnvironmentName('prod'))
    return { layout, transport: { ...localTransport(), ...change } } as Host
  }

  it('I7: of many takers at once each gets a generation of its own', async () => {
    const taken = await Promise.all(Array.from({ length: 12 }, () => takeGeneration(hostWith(), 0)))
    expect(new Set(taken).size).toBe(12)
    expect(fence()).toEqual([`gen-${Math.max(...taken)}`])
  })

  it('a generation is greater than any that was seen elsewhere', async () => {
    expect(await takeGeneration(hostWith(), 41)).toBe(42)
    expect(await takeGeneration(hostWith(), 3)).toBe(43)
  })

  it('I7: a taker that slept before its rename does not replace the generation taken meanwhile, though both looked empty', async () => {
    const real = localTransport()
    const meanwhile: number[] = []
    const sleeper = hostWith({
      async rename(from, to) {
        if (from.endsWith('gen-0') && meanwhile.length === 0) {
          meanwhile.push(await takeGeneration(hostWith(), 0))
          // A third one, which saw no generation at all before, makes the first folder again.
          mkdirSync(join(folder, 'fence', 'gen-0'))
        }
        await real.rename(from, to)
      },
    })
    expect(await takeGeneration(sleeper, 0)).toBe(2)
    expect(meanwhile).toEqual([1])
  })

  it('I7: who writes in the name of an older generation is refused, and nothing is left of it', async () => {
    const host = hostWith()
    const first = await takeGeneration(host, 0)
    await writeFenced(host, first, join(folder, 'state.map'), 'one')
    const second = await takeGeneration(host, 0)
    const late = writeFenced(host, first, join(folder, 'state.map'), 'two')
    await expect(late).rejects.toMatchObject({ code: 'fenced', kind: 'held' })
    expect(Buffer.from((await host.transport.readFile(join(folder, 'state.map'))) ?? []).toString()).toBe('one')
    expect(readdirSync(join(folder, 'fence', `gen-${second}`))).toEqual(['keep'])
  })

  it('a start writes in the name of the newest generation, and makes the first one', async () => {
    expect(await currentGeneration(hostWith())).toBe(0)
    await takeGeneration(hostWith(), 8)
    expect(await currentGeneration(hostWith())).toBe(9)
    expect(fence()).toEqual(['gen-9'])
  })

  it('what a dead taker or writer left is taken away', async () => {
    const first = await takeGeneration(hostWith(), 0)
    writeFileSync(join(folder, 'fence', `gen-${first}`, '.state.map.tmp'), 'half')
    mkdirSync(join(folder, 'fence', 'new-dead', 'keep'), { recursive: true })
    const second = await takeGeneration(hostWith(), 0)
    expect(fence()).toEqual([`gen-${second}`])
    expect(readdirSync(join(folder, 'fence', `gen-${second}`))).toEqual(['keep'])
  })
})
