import { expect, test } from 'vitest'
import { codes, ToyOperation, toyStep } from '../../test/fakes/toy-operation.ts'
import { BackflipError } from '../domain/errors.ts'

function failingTimes(times: number, attempts: number): { readonly toys: ToyOperation; readonly tried: () => number } {
  let tried = 0
  const sound = toyStep('launch')
  const step = toyStep('launch', {
    limits: { attempts, timeoutMs: 10_000 },
    execute: async (params, context) => {
      tried += 1
      if (tried <= times) throw new Error('not yet')
      return sound.execute(params, context)
    },
  })
  return { toys: new ToyOperation([[step]]), tried: () => tried }
}

test('what fails is tried again as often as its limit says, each attempt written down', async () => {
  const { toys, tried } = failingTimes(2, 3)
  expect((await toys.run()).outcome).toBe('done')
  expect(tried()).toBe(3)
  const attempts = (await toys.facts()).flatMap((fact) => (fact.kind === 'step-started' ? [fact.attempt] : []))
  expect(attempts).toEqual([1, 2, 3])
})

test('and no oftener', async () => {
  const { toys, tried } = failingTimes(3, 3)
  expect((await toys.run()).outcome).toBe('failed')
  expect(tried()).toBe(3)
})

test.each(['refused', 'person', 'held'] as const)('an error of kind %s is not tried again', async (kind) => {
  let tried = 0
  const step = toyStep('launch', {
    limits: { attempts: 3, timeoutMs: 10_000 },
    execute: async () => {
      tried += 1
      throw new BackflipError('no', { code: 'no', kind })
    },
  })
  expect((await new ToyOperation([[step]]).run()).outcome).toBe('failed')
  expect(tried).toBe(1)
})

test.each(['lease-lost', 'fenced'])('after %s nothing more is written', async (code) => {
  const step = toyStep('launch', {
    execute: async () => {
      throw new BackflipError('another holder', { code, kind: 'held' })
    },
  })
  const toys = new ToyOperation([[step]])
  await expect(toys.run()).rejects.toMatchObject({ code })
  expect(codes(await toys.facts())).toEqual(['operation-started', 'step-started launch'])
})

test('a step that does not end within its limit fails, and its check says what it left', async () => {
  const step = toyStep('launch', {
    execute: (_params, { ports }) => {
      ports.there.add('launch')
      return new Promise(() => undefined)
    },
  })
  const toys = new ToyOperation([[step]])
  toys.expired = true
  expect(await toys.run()).toMatchObject({ outcome: 'failed', error: { code: 'step-timeout' } })
  expect([...toys.toys.there]).toEqual([])
})

test.each([
  ['not-done', 'nothing'],
  ['unknown', 'unknown'],
] as const)('a failed step whose check says %s leaves %s', async (said, remains) => {
  const step = toyStep('launch', {
    check: async () => said,
    execute: async () => {
      throw new Error('no')
    },
  })
  const toys = new ToyOperation([[step]])
  await toys.run()
  expect(await toys.facts()).toContainEqual(expect.objectContaining({ kind: 'step-failed', remains }))
  expect(toys.toys.log).toEqual(remains === 'nothing' ? [] : ['undo launch'])
})

test('a check that fails itself cannot tell: the step is undone', async () => {
  const step = toyStep('launch', {
    check: () => Promise.reject(new Error('the edge does not answer')),
    execute: () => Promise.reject(new Error('no')),
  })
  const toys = new ToyOperation([[step]])
  await toys.run()
  expect(toys.toys.log).toEqual(['undo launch'])
})
