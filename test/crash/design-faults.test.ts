import { beforeAll, describe, expect, test } from 'vitest'
import { simulateBroken } from './design-faults/break-design.ts'
import { DESIGN_FAULTS, type DesignFault } from './design-faults/faults.ts'
import type { SimulationReport } from './simulator/simulate.ts'

const SCHEDULES = 6_000
const SEED = 8
const AT_ONCE = 2
const LIMIT_MS = 600_000

/** Each stops at its first violation, so most of them take a second. */
async function breakAll(): Promise<ReadonlyMap<DesignFault, SimulationReport>> {
  const reports = new Map<DesignFault, SimulationReport>()
  const left = [...DESIGN_FAULTS]
  const work = async () => {
    for (let fault = left.shift(); fault !== undefined; fault = left.shift()) {
      reports.set(fault, await simulateBroken(fault, { schedules: SCHEDULES, seed: SEED }))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return reports
}

describe('a wrong design is seen', () => {
  let reports: ReadonlyMap<DesignFault, SimulationReport>
  beforeAll(async () => {
    reports = await breakAll()
  }, LIMIT_MS)

  test.each(DESIGN_FAULTS)('$name', (fault) => {
    const report = reports.get(fault)
    expect(report?.bad.length, `${report?.schedules} schedules saw nothing`).toBe(1)
    expect(report?.bad[0]?.violations.length).toBeGreaterThan(0)
  })

  test('there are at least twelve, and no two of the same name', () => {
    expect(new Set(DESIGN_FAULTS.map(({ name }) => name)).size).toBe(DESIGN_FAULTS.length)
    expect(DESIGN_FAULTS.length).toBeGreaterThanOrEqual(12)
  })

  test(
    'the right design, copied and run the same way, is not',
    async () => {
      const report = await simulateBroken({ patches: [] }, { schedules: 500, seed: SEED })
      expect(report.bad).toEqual([])
      expect(report.schedules).toBe(500)
    },
    LIMIT_MS,
  )

  test('a patch that does not fit any more is an error, not a pass', async () => {
    const patches = [{ file: 'src/engine/run.ts', find: 'no such text in it', replace: '' }]
    await expect(simulateBroken({ patches }, { schedules: 1, seed: SEED })).rejects.toThrow('has 0 places')
  })
})
