import { startServer } from '../../domain/data/start-server.ts'
import type { Json } from '../../domain/json.ts'
import type { ExportParams } from '../../domain/plan/params.ts'
import { defineStep } from '../../engine/step.ts'
import { counted } from '../../lib/counted.ts'
import { serviceOf } from '../data.ts'
import type { StepPorts } from '../ports.ts'

const READY_MS = 15 * 60_000
const STOP_MS = 2 * 60_000

/** D of a restore: rows that only the newer side has, one CSV file a table, so that people can enter them again. Writers are stopped, so it is all. */
export const exportLost = defineStep<StepPorts, ExportParams>({
  id: 'export-lost',
  limits: { attempts: 1, timeoutMs: 4 * 60 * 60_000 },
  async execute({ services, folder }, { ports, generation, say }) {
    const files: { file: string; rows: number }[] = []
    for (const { service: name, copy } of services) {
      const service = serviceOf(ports, name)
      const [newer, older] = [service.database(), service.database(copy)]
      if (newer === null || older === null) continue
      await service.start({ name: copy, fencedBy: generation })
      try {
        await startServer(older)
        await older.waitUntilReady(READY_MS)
        files.push(...(await ports.writeLostRows({ folder, service: name, newer, older })))
      } finally {
        await service.stop({ name: copy, timeoutMs: STOP_MS, fencedBy: generation })
      }
    }
    say(
      `${counted(
        files.reduce((sum, { rows }) => sum + rows, 0),
        'row',
      )} in ${counted(files.length, 'file')} in ${folder}`,
    )
    return { output: { files } as unknown as Json, effects: [] }
  },
  // Whoever died in the middle left it running.
  async undo({ services }, { ports, generation }) {
    for (const { service: name, copy } of services)
      await serviceOf(ports, name).stop({ name: copy, timeoutMs: STOP_MS, fencedBy: generation })
    return []
  },
  manual: ({ services }) => services.map(({ copy }) => `incus stop --force ${copy}, then: backflip resume`),
})
