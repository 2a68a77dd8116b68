import { expect, test } from 'vitest'
import { codes, Died, ToyOperation, type ToyStep, toyStep } from '../../test/fakes/toy-operation.ts'

const bad = (id: string, changes: Partial<ToyStep> = {}) =>
  toyStep(id, { execute: () => Promise.reject(new Error(`${id} is bad`)), ...changes })

test('it goes back latest first', async () => {
  const toys = new ToyOperation([[toyStep('a')], [toyStep('b')], [bad('c')]])
  expect((await toys.run()).outcome).toBe('failed')
  expect(toys.toys.log).toEqual(['do a', 'do b', 'undo b', 'undo a'])
})

test('an operation that fails before it made anything undoes nothing', async () => {
  const toys = new ToyOperation([[bad('a')], [toyStep('b')]])
  expect((await toys.run()).outcome).toBe('failed')
  expect(toys.toys.log).toEqual([])
})

test('what is kept for forensics stays when the failure comes late enough, and only then', async () => {
  const kept = (phase: 'launch' | 'check') =>
    new ToyOperation([[toyStep('a', { keptFrom: 'check' })], [bad('b'), phase]])
  const late = kept('check')
  await late.run()
  expect([...late.toys.there]).toEqual(['a'])
  expect(await late.facts()).toContainEqual(
    expect.objectContaining({ kind: 'undo-finished', kept: 'kept for forensics' }),
  )
  const early = kept('launch')
  await early.run()
  expect([...early.toys.there]).toEqual([])
})

function failingUndo(times: number): ToyStep {
  let left = times
  const sound = toyStep('b')
  return toyStep('b', {
    undo: async (params, context) => {
      left -= 1
      if (left >= 0 || sound.undo === 'none') throw new Error('the undo is refused')
      return sound.undo(params, context)
    },
    manual: () => ['do it by hand'],
  })
}

test('an undo that fails now and then is repeated', async () => {
  const toys = new ToyOperation([[toyStep('a')], [failingUndo(2)], [bad('c')]])
  expect((await toys.run()).outcome).toBe('failed')
  expect([...toys.toys.there]).toEqual([])
})

test('stuck: an undo that fails stops everything, keeps the operation open, and says what to type', async () => {
  const toys = new ToyOperation([[toyStep('a')], [failingUndo(3)], [bad('c')]])
  expect(await toys.run()).toMatchObject({ outcome: 'stuck', error: { message: 'the undo is refused' } })
  expect([...toys.toys.there]).toEqual(['a', 'b'])
  expect((await toys.record()).open).not.toBeNull()
  expect(await toys.facts()).toContainEqual(expect.objectContaining({ kind: 'undo-failed', manual: ['do it by hand'] }))
  // Once the person has mended it, resume goes on where it stood.
  expect((await toys.run()).outcome).toBe('failed')
  expect([...toys.toys.there]).toEqual([])
})

test('a process that dies while going back is followed by one that goes on with it', async () => {
  const toys = new ToyOperation([[toyStep('a')], [toyStep('b')], [bad('c')]])
  let deaths = 0
  for (let append = 1; append < 12; append += 1) {
    const again = new ToyOperation([[toyStep('a')], [toyStep('b')], [bad('c')]])
    for (const when of ['before', 'after'] as const) {
      if ((await again.record()).last !== null) break
      const end = await again.run({ append, when }).then(
        () => null,
        (error: unknown) => error,
      )
      expect(end === null || end instanceof Died).toBe(true)
      deaths += end === null ? 0 : 1
    }
    if ((await again.record()).last === null) await again.run()
    expect([...again.toys.there]).toEqual([])
    expect((await again.record()).last?.outcome).toBe('failed')
  }
  expect(deaths).toBeGreaterThan(10)
  expect((await toys.run()).outcome).toBe('failed')
})

test('I4: how long users saw it is told from the journal, also after a crash', async () => {
  const moved = { effect: 'live', color: null, sha: null, generation: 1 } as const
  const flip = () =>
    toyStep('flip', {
      execute: async () => ({ output: null, effects: [moved] }),
      undo: async () => [moved],
    })
  const toys = new ToyOperation([
    [flip(), 'switch'],
    [bad('verify', { check: async () => 'not-done' }), 'verify'],
  ])
  await expect(toys.run({ append: 5, when: 'before' })).rejects.toThrow(Died)
  const end = await toys.run()
  expect(end.outcome).toBe('reverted')
  expect(end.seenMs).not.toBeNull()
  expect(codes(await toys.facts()).at(-1)).toBe('operation-finished')
})
