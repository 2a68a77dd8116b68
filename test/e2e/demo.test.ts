import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { processesOf } from '../../examples/hello/demo/leftovers.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const DEMO_LIMIT_MS = 180_000

let temporary = ''
beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'demo-test-'))
})
afterEach(async () => {
  await rm(temporary, { recursive: true, force: true })
})

/** The demo as `npm run demo` starts it, with a folder for temporary files of its own. */
function demo(...args: readonly string[]) {
  const child = spawn(process.execPath, ['scripts/bootstrap.js', 'demo', ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: temporary },
  })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    out += chunk
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    err += chunk
  })
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, out, err }))
  return {
    ended,
    interrupt: () => child.kill('SIGINT'),
    closeReader: () => child.stdout.destroy(),
    /** Resolves when `text` was written to either; rejects when the demo ends first. */
    wrote: async (text: string) => {
      const isThere = () => out.includes(text) || err.includes(text)
      while (!isThere()) {
        if (child.exitCode !== null) throw new Error(`the demo ended before it wrote ${text}:\n${err}`)
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    },
  }
}

async function whatIsLeft() {
  return {
    processes: processesOf(temporary),
    folders: (await readdir(temporary)).filter((one) => one.startsWith('backflip')),
  }
}

describe('npm run demo', () => {
  it(
    'tells the whole story with no request failed and none answered by the wrong color, and leaves nothing behind',
    async () => {
      const { code, out, err } = await demo('--json').ended
      expect(err).toBe('')
      const { ok, checks, traffic, operations } = JSON.parse(out)
      expect(checks.filter(({ isTrue }: { isTrue: boolean }) => !isTrue)).toEqual([])
      expect(ok).toBe(true)
      expect(traffic).toMatchObject({ failed: 0, wrongColor: 0 })
      expect(operations).toHaveLength(8)
      expect(code).toBe(0)
      expect(await whatIsLeft()).toEqual({ processes: [], folders: [] })
    },
    DEMO_LIMIT_MS,
  )

  it.each([
    ['in the middle of phase C', '✓ C Unpack'],
    ['while a new release is verified under traffic', 'requests, 0 server errors'],
    ['before anything is deployed', 'r1 published'],
  ])('leaves nothing behind after Ctrl-C %s', async (_name, moment) => {
    const run = demo()
    await run.wrote(moment)
    run.interrupt()
    const { code, err } = await run.ended
    expect(err).toContain('interrupted: everything is stopped and taken away')
    expect(code).toBe(130)
    expect(await whatIsLeft()).toEqual({ processes: [], folders: [] })
  })

  it('leaves nothing behind when its reader goes away', async () => {
    const run = demo()
    await run.wrote('✓ C Unpack')
    run.closeReader()
    expect((await run.ended).code).not.toBe(0)
    expect(await whatIsLeft()).toEqual({ processes: [], folders: [] })
  })
})
