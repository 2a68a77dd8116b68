import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { enterFence } from './fence.ts'
import { writeFenced } from './fenced-file.ts'

let folder: string
let root: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'backflip-fence-'))
  root = join(folder, 'generations')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const fenced = { code: 'fenced', kind: 'held' }

test('the same generation enters again, a greater one too, a smaller one never', async () => {
  await enterFence(root, 3)
  await (await enterFence(root, 3)).check()
  await enterFence(root, 10)
  await expect(enterFence(root, 9)).rejects.toMatchObject(fenced)
  await (await enterFence(root, 10)).check()
})

test('I7: who entered before a greater one came can neither check nor write', async () => {
  const target = join(folder, 'target')
  const old = await enterFence(root, 1)
  await writeFenced(old, target, 'old')
  await writeFile(old.temporary('half-done'), 'x')
  await enterFence(root, 2)
  await expect(old.check()).rejects.toMatchObject(fenced)
  await expect(writeFenced(old, target, 'late')).rejects.toMatchObject(fenced)
  expect(await readFile(target, 'utf8')).toBe('old')
})

test('I7: of many that enter at once only the greatest may go on', async () => {
  for (let round = 0; round < 20; round += 1) {
    const generations = Array.from({ length: 8 }, (_, index) => round * 10 + index)
    const entered = await Promise.allSettled(generations.map((generation) => enterFence(root, generation)))
    const allowed = await Promise.allSettled(
      entered.map(async (one) => (one.status === 'fulfilled' ? one.value.check() : Promise.reject(one.reason))),
    )
    expect(allowed.map(({ status }) => status)).toEqual([...Array(7).fill('rejected'), 'fulfilled'])
  }
})

test('a generation that is no whole number is a mistake of the caller', async () => {
  for (const wrong of [-1, 1.5, Number.NaN]) await expect(enterFence(root, wrong)).rejects.toThrow(RangeError)
})
