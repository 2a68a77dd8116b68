import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { SimulationReport } from '../simulator/simulate.ts'
import type { DesignFault } from './faults.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const PARTS = ['src', 'test/fakes', 'test/crash/simulator', 'package.json']
const LIMIT_MS = 120_000
const OUTPUT_BYTES = 16 * 1024 * 1024

/** Copies the program and its simulator, breaks the copy, and lets the simulator judge it in a process of its own. */
export async function simulateBroken(
  { patches }: Pick<DesignFault, 'patches'>,
  ask: { readonly schedules: number; readonly seed: number },
): Promise<SimulationReport> {
  const folder = await mkdtemp(join(tmpdir(), 'backflip-fault-'))
  try {
    for (const part of PARTS) await cp(join(ROOT, part), join(folder, part), { recursive: true })
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
    for (const { file, find, replace, everywhere } of patches) {
      const text = await readFile(join(folder, file), 'utf8')
      const parts = text.split(find)
      if (parts.length < 2 || (parts.length > 2 && everywhere !== true))
        throw new Error(`${file} has ${parts.length - 1} places that read: ${find}`)
      await writeFile(join(folder, file), parts.join(replace))
    }
    return await run(folder, ask)
  } finally {
    await rm(folder, { recursive: true })
  }
}

function run(
  folder: string,
  { schedules, seed }: { readonly schedules: number; readonly seed: number },
): Promise<SimulationReport> {
  const argv = [
    join(folder, 'test/crash/simulator/main.ts'),
    '--schedules',
    String(schedules),
    '--seed',
    String(seed),
    '--stop-after',
    '1',
    '--json',
  ]
  return new Promise((done, refuse) => {
    execFile(process.execPath, argv, { timeout: LIMIT_MS, maxBuffer: OUTPUT_BYTES }, (error, stdout, stderr) => {
      if (stdout.startsWith('{')) done(JSON.parse(stdout) as SimulationReport)
      else refuse(new Error(`the simulator ended without a report: ${error?.message ?? ''}\n${stderr.slice(0, 2_000)}`))
    })
  })
}
