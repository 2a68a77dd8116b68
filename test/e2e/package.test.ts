import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { setStage } from '../../examples/hello/demo/stage.ts'
import { publishAll, RELEASES } from '../../examples/hello/demo/story.ts'
import { startPglite } from '../../src/drivers/shadow/pglite.ts'
import { R1 } from '../crash/real/world.ts'
import { DROPS, migratingWorld } from './migrating-world.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const PACK_LIMIT_MS = 120_000

let folder = ''
let program = ''

function npm(cwd: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('npm', [...args], { cwd, encoding: 'utf8', timeout: PACK_LIMIT_MS })
  if (status !== 0) throw new Error(`npm ${args.join(' ')} ended with ${status}:\n${stderr}`)
  return stdout
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'package-test-'))
  npm(root, 'pack', '--silent', '--pack-destination', folder)
  const [tarball = ''] = readdirSync(folder)
  const home = join(folder, 'empty')
  mkdirSync(home)
  writeFileSync(join(home, 'package.json'), '{ "private": true }')
  // Offline: what a user installs is this file and nothing else.
  npm(home, 'install', '--offline', '--no-audit', '--no-fund', join(folder, tarball))
  program = join(home, 'node_modules', 'backflip', 'bin', 'backflip.js')
}, PACK_LIMIT_MS)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('npm pack, installed into an empty folder', () => {
  it('brings the program, its licence and nothing of the workshop', () => {
    const inside = readdirSync(join(folder, 'empty', 'node_modules', 'backflip'))
    expect(inside).toEqual(expect.arrayContaining(['bin', 'dist', 'schema', 'LICENSE', 'package.json']))
    for (const one of ['src', 'test', 'scripts', 'tools', 'examples', 'node_modules']) expect(inside).not.toContain(one)
    expect(readdirSync(join(folder, 'empty', 'node_modules')).filter((one) => !one.startsWith('.'))).toEqual([
      'backflip',
    ])
  })

  it('says what is wrong with a configuration in one line with its place, exit 2: its parser is a bundle of its own', () => {
    writeFileSync(join(folder, 'backflip.yaml'), 'app: hello\ncomponets: {}\n')
    const { status, stderr } = spawnSync(process.execPath, [program, 'check'], { cwd: folder, encoding: 'utf8' })
    expect(stderr).toMatch(
      /^✗ \S+backflip\.yaml:2:1 componets is not known: did you mean components\? {3}\(exit 2, nothing changed\)\n/,
    )
    expect(stderr).not.toContain('    at ')
    expect(status).toBe(2)
  })

  it('deploys, flips and goes back on a real HAProxy', async () => {
    const stage = await setStage(new AbortController().signal, { program, bake: '0' })
    try {
      await publishAll(stage, true)
      const run = async (...argv: readonly string[]) => {
        const { code, err } = await stage.backflip([...argv, '--yes'], { quiet: true })
        expect(err).not.toContain('Error:')
        return code
      }
      const live = async () => ((await (await fetch(`${stage.url}/api/health`)).json()) as { readonly sha: string }).sha
      expect(await run('deploy', RELEASES.r1.sha)).toBe(0)
      expect(await live()).toBe(RELEASES.r1.sha)
      expect(await run('deploy', RELEASES.r2.sha)).toBe(0)
      expect(await live()).toBe(RELEASES.r2.sha)
      expect(await run('rollback', '--mode', 'fast')).toBe(0)
      expect(await live()).toBe(RELEASES.r1.sha)
    } finally {
      expect(await stage.clear()).toEqual([])
    }
  })

  it('starts PGlite of somebody’s project in a thread: its program is a file of its own', async () => {
    const pglite = await startPglite({
      entry: join(program, '..', '..', 'dist', 'pglite-worker.cjs'),
      packageFolder: join(root, 'node_modules', '@electric-sql', 'pglite'),
      timeZone: 'Europe/Berlin',
      signal: new AbortController().signal,
      data: null,
    })
    try {
      expect(await pglite.session(10_000).rows('SHOW timezone; CREATE EXTENSION citext; SELECT 1, NULL')).toEqual([
        ['1', null],
      ])
    } finally {
      await pglite.end()
    }
  })

  it('judges migrations, in a bundle of their own, for a deploy and for a rollback', async () => {
    const world = await migratingWorld()
    const run = (...argv: readonly string[]) => {
      const { status, stderr } = spawnSync(process.execPath, [program, ...argv], {
        cwd: world.folder,
        encoding: 'utf8',
      })
      return { status, stderr }
    }
    const override = ['--yes', '--override', 'drop-column', '--reason', 'x']
    try {
      expect(run('publish', '--sha', DROPS, 'web=app')).toMatchObject({ status: 0 })
      expect(run('deploy', R1, '--yes')).toMatchObject({ status: 0 })
      expect(run('deploy', DROPS, '--yes')).toMatchObject({
        status: 3,
        stderr: expect.stringContaining('0002_drop_nick, line 2'),
      })
      expect(run('deploy', DROPS, ...override, '--no-inverse-possible')).toMatchObject({ status: 0 })
      expect(run('rollback', '--yes')).toMatchObject({ status: 3, stderr: expect.stringContaining('0002_drop_nick') })
      expect(run('rollback', R1, ...override, '--inverse', 'back.sql')).toMatchObject({ status: 0 })
      expect(await world.served()).toEqual({ status: 200, sha: R1 })
    } finally {
      await world.close()
    }
  })
})
