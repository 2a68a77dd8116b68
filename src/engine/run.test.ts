import { describe, expect, test } from 'vitest'
import { type Death, Died, ToyOperation, type ToyStep, toyStep } from '../../test/fakes/toy-operation.ts'
import { refusal } from '../domain/errors.ts'
import { write } from './operation-run.ts'
import type { OperationEnd } from './run.ts'

const NAMES = ['observe', 'launch', 'switch', 'verify']
const MOST_APPENDS = 30

/** Fails once, before or after its effect. */
function failing(name: string, when: 'before' | 'after'): ToyStep {
  const sound = toyStep(name)
  return toyStep(name, {
    execute: async (params, context) => {
      if (when === 'after') await sound.execute(params, context)
      throw new Error(`${name} failed ${when} its effect`)
    },
  })
}

function operation(fault: { readonly step: string; readonly when: 'before' | 'after' } | null): ToyOperation {
  return new ToyOperation(NAMES.map((name) => [fault?.step === name ? failing(name, fault.when) : toyStep(name)]))
}

/** Takes it up until it ends, without another death. */
async function toItsEnd(toys: ToyOperation, ...deaths: readonly Death[]): Promise<{ end: OperationEnd; died: number }> {
  let died = 0
  for (const death of [...deaths, null]) {
    if ((await ended(toys)) !== null) break
    try {
      return { end: await toys.run(death), died }
    } catch (error) {
      if (!(error instanceof Died)) throw error
      died += 1
    }
  }
  const end = await ended(toys)
  if (end === null) throw new Error('it did not end')
  return { end, died }
}

async function ended(toys: ToyOperation): Promise<OperationEnd | null> {
  const { last } = await toys.record()
  return last === null ? null : ({ outcome: last.outcome } as OperationEnd)
}

const FAULTS = [null, ...NAMES.flatMap((step) => (['before', 'after'] as const).map((when) => ({ step, when })))]
const DEATHS = Array.from({ length: MOST_APPENDS }, (_, index) => index + 1).flatMap((append) =>
  (['before', 'after'] as const).map((when): Death => ({ append, when })),
)

describe('I5: whatever fails and whenever it dies, all is done or all is undone', () => {
  test.each(
    FAULTS.map(
      (fault) => [fault === null ? 'nothing fails' : `${fault.step} fails ${fault.when} its effect`, fault] as const,
    ),
  )('%s', async (_name, fault) => {
    let deaths = 0
    for (const hooksAreEmpty of [false, true]) {
      for (const first of DEATHS) {
        for (const second of [null, { append: 1, when: 'after' }, { append: 2, when: 'before' }] as const) {
          const toys = operation(fault)
          toys.hooksAreEmpty = hooksAreEmpty
          const { end, died } = await toItsEnd(toys, ...(second === null ? [first] : [first, second]))
          deaths += died
          // Dead before the failure was written: the effect is there, and whoever takes it up finds it and goes on.
          const may = fault === null ? ['done'] : fault.when === 'after' ? ['done', 'failed'] : ['failed']
          expect(may).toContain(end.outcome)
          expect([...toys.toys.there]).toEqual(end.outcome === 'done' ? NAMES : [])
        }
      }
    }
    expect(deaths).toBeGreaterThan(60)
  })
})

describe('what is written', () => {
  test('a step is written down as begun before its effect, and nothing is done twice', async () => {
    const toys = operation(null)
    expect((await toys.run()).outcome).toBe('done')
    expect(toys.toys.log).toEqual(['do observe', 'do launch', 'do switch', 'do verify'])
    const dead = operation(null)
    await expect(dead.run({ append: 1, when: 'before' })).rejects.toThrow(Died)
    expect(dead.toys.log).toEqual([])
  })

  test('an effect that was there when somebody took it up is found, not repeated', async () => {
    const toys = new ToyOperation([[toyStep('launch')]])
    await expect(toys.run({ append: 2, when: 'before' })).rejects.toThrow(Died)
    expect((await toys.run()).outcome).toBe('done')
    expect(toys.toys.log).toEqual(['do launch'])
    expect(await toys.facts()).toContainEqual(expect.objectContaining({ kind: 'step-succeeded', found: true }))
  })

  test('a failed step whose effect is found later can be read again from the journal', async () => {
    const toys = new ToyOperation([
      [failing('switch', 'after'), 'switch', true],
      [toyStep('verify'), 'verify'],
    ])
    expect((await toys.run()).outcome).toBe('unsettled')
    expect((await toys.run()).outcome).toBe('done')
    expect((await toys.record()).last?.outcome).toBe('done')
  })

  test('what cannot follow never gets into the journal', async () => {
    const toys = operation(null)
    const wrong = { kind: 'undo-finished', step: 'launch', effects: [], kept: null, tookMs: 1 } as const
    await expect(toys.work(null, (run) => write(run, [wrong]))).rejects.toThrow('that cannot follow')
    expect((await toys.facts()).map(({ kind }) => kind)).toEqual(['operation-started'])
  })
})

describe('the pivot', () => {
  const story = (verify: ToyStep) =>
    new ToyOperation([
      [toyStep('switch'), 'switch', true],
      [verify, 'verify'],
    ])

  test('a rollback never flips by itself to the side it left: past the pivot it ends unsettled', async () => {
    const toys = story(failing('verify', 'before'))
    const end = await toys.run()
    expect(end).toMatchObject({ outcome: 'unsettled', error: { message: 'verify failed before its effect' } })
    expect(toys.toys.log).toEqual(['do switch'])
    expect((await toys.record()).open).toBeNull()
  })

  test('abort is refused past it', async () => {
    const toys = story(toyStep('verify'))
    await expect(toys.run({ append: 4, when: 'before' })).rejects.toThrow(Died)
    await expect(toys.abort()).rejects.toMatchObject({ code: 'past-pivot', kind: 'refused' })
    expect((await toys.run()).outcome).toBe('done')
  })

  test('half a switch stays open until it is brought to its end', async () => {
    const toys = new ToyOperation([[failing('switch', 'after'), 'switch', true]])
    expect((await toys.run()).outcome).toBe('unsettled')
    expect((await toys.record()).open).not.toBeNull()
    expect((await toys.run()).outcome).toBe('done')
  })

  test('a pivot that was surely not done is no pivot: everything goes back', async () => {
    const toys = new ToyOperation([[toyStep('launch')], [failing('switch', 'before'), 'switch', true]])
    expect((await toys.run()).outcome).toBe('failed')
    expect([...toys.toys.there]).toEqual([])
  })
})

describe('hooks', () => {
  test('they run around each phase, and on a failure', async () => {
    const toys = new ToyOperation([[toyStep('launch')], [failing('check', 'before'), 'check']])
    await toys.run()
    expect(toys.hooksRun).toEqual(['pre-launch', 'post-launch', 'pre-check', 'on-failure'])
  })

  test.each(['pre-launch', 'post-launch'])(
    '%s failing fails the operation, and what was done is undone',
    async (hook) => {
      const toys = new ToyOperation([[toyStep('launch')], [toyStep('check'), 'check']])
      toys.failingHooks = [hook]
      expect(await toys.run()).toMatchObject({ outcome: 'failed', error: { message: `${hook} failed` } })
      expect([...toys.toys.there]).toEqual([])
    },
  )

  test('a failure-hook that fails is written down and never hides the first error', async () => {
    const toys = new ToyOperation([[failing('launch', 'before')]])
    toys.failingHooks = ['on-failure']
    expect(await toys.run()).toMatchObject({ outcome: 'failed', error: { message: 'launch failed before its effect' } })
    expect(await toys.facts()).toContainEqual(expect.objectContaining({ kind: 'hook-failed', hook: 'on-failure' }))
  })
})

describe('a person', () => {
  test('who interrupts gets everything undone', async () => {
    const interrupt = new AbortController()
    const launch = toyStep('launch')
    const pressed = toyStep('launch', {
      execute: async (params, context) => {
        interrupt.abort()
        return launch.execute(params, context)
      },
    })
    const toys = new ToyOperation([[pressed], [toyStep('check'), 'check']])
    toys.signal = interrupt.signal
    expect(await toys.run()).toMatchObject({ outcome: 'failed', error: { code: 'interrupted' } })
    expect(toys.toys.log).toEqual(['do launch', 'undo launch'])
  })

  test('who aborts ends it, and says so', async () => {
    const toys = operation(null)
    await expect(toys.run({ append: 4, when: 'after' })).rejects.toThrow(Died)
    expect(await toys.abort()).toMatchObject({ outcome: 'aborted', error: { code: 'aborted' } })
    expect([...toys.toys.there]).toEqual([])
  })

  test('whose version does not know a step changes nothing', async () => {
    const toys = new ToyOperation([[toyStep('launch')]])
    Object.assign(toys.plan.steps[0] as object, { id: 'from-the-future' })
    await expect(toys.run()).rejects.toMatchObject({ code: 'unknown-step', kind: 'refused' })
    expect(toys.toys.log).toEqual([])
  })

  test('who is refused by a gate is told so at once', async () => {
    let asked = 0
    const gate = toyStep('launch', {
      limits: { attempts: 5, timeoutMs: 10_000 },
      execute: async () => {
        asked += 1
        throw refusal('no', { code: 'no-room' })
      },
    })
    expect(await new ToyOperation([[gate]]).run()).toMatchObject({ outcome: 'failed', error: { code: 'no-room' } })
    expect(asked).toBe(1)
  })
})
