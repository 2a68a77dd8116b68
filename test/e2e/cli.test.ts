import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { R1, R2, type RealWorld, realWorld } from '../crash/real/world.ts'
import { requireHaproxy, until } from '../edge/world.ts'

const PROGRAM = fileURLToPath(new URL('../../bin/backflip.js', import.meta.url))
const R3 = '3'.repeat(40)

/** Answers well, and only after two seconds. */
const SLOW = '5'.repeat(40)
/** It listens once a file is there. */
const slowServer = (go: string) => `const { existsSync } = require('node:fs')
const { createServer } = require('node:http')
const { PORT, BACKFLIP_SHA: sha } = process.env
const server = createServer((request, answer) => answer.end(JSON.stringify({ sha })))
const look = () => existsSync(${JSON.stringify(go)}) ? server.listen(Number(PORT), '127.0.0.1') : setTimeout(look, 20)
look()
`

interface Ended {
  readonly exitCode: number | null
  readonly out: string
  readonly err: string
}

let world: RealWorld

function backflip(...args: readonly string[]): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...args], {
    cwd: world.folder,
    encoding: 'utf8',
    timeout: 50_000,
  })
  return { exitCode: status, out: stdout, err: stderr }
}

async function running(...args: readonly string[]) {
  const child = spawn(process.execPath, [PROGRAM, ...args], { cwd: world.folder, stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  child.stderr.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  return {
    child,
    said: (words: string) => until(async () => text.includes(words), 20_000),
    ended: async () => {
      if (child.exitCode === null && child.signalCode === null) await once(child, 'close')
      return { exitCode: child.exitCode, text }
    },
  }
}

beforeAll(async () => {
  requireHaproxy()
  world = await realWorld()
})
afterAll(() => world.close())

/** A release whose server is this text, beside the good ones. */
function publish(sha: string, server: string): void {
  writeFileSync(join(world.folder, 'app', 'server.js'), server)
  expect(backflip('publish', '--sha', sha, 'web=app').exitCode).toBe(0)
}

describe('a day with backflip', () => {
  it('deploys, flips, goes back, and says what it did', async () => {
    expect(backflip('deploy', R1, '--yes')).toMatchObject({ exitCode: 0 })
    // Journal and sockets are nobody's sources.
    expect(readFileSync(join(world.folder, '.backflip', '.gitignore'), 'utf8')).toBe('*\n')
    expect(backflip('deploy', R2, '--yes').err).toContain('deployed 222222222222 on green')
    const plan = JSON.parse(backflip('plan', 'rollback', '--json').out) as { mode: string; target: { sha: string } }
    expect(plan).toMatchObject({ mode: 'fast', target: { sha: R1 } })
    const end = JSON.parse(backflip('rollback', '--yes', '--json', '--reason', 'checkout is broken').out) as object
    expect(end).toMatchObject({ outcome: 'done', mode: 'fast', exitCode: 0, target: { sha: R1 } })
    expect(await world.served()).toEqual({ status: 200, sha: R1 })
    expect(backflip('history', '--verify')).toMatchObject({ exitCode: 0 })
    expect(backflip('status').out).toMatch(/frozen.*checkout is broken/)
  })

  it('drafts the report: what users got and for how long, why it was gone back from, and what is left to do', () => {
    const { exitCode, out } = backflip('incident')
    expect(exitCode).toBe(0)
    expect(out).toMatch(/\*\*222222222222\*\* on green, gone back from by a person: users got it for \d/)
    expect(out).toContain('fast rollback to 111111111111 began: checkout is broken')
    expect(out).toContain('it goes on from where the edge saw it last')
    expect(out).toMatch(/- \[x\] Users get a release that passed its verification — 111111111111 on blue/)
    expect(out).toMatch(/- \[ \] Deploys are allowed again/)
    expect(backflip('incident', '--output', 'incident.md').out).toMatch(/^wrote .*incident\.md\n$/)
    expect(readFileSync(join(world.folder, 'incident.md'), 'utf8')).toContain('## Timeline')
    expect(backflip('incident', '--output', 'incident.md')).toMatchObject({ exitCode: 3 })
  })

  it('a rollback freezes deploys: exit 3 with who, when, why and how to lift it', () => {
    const { exitCode, err } = backflip('deploy', R2, '--yes', '--again', '--reason', 'x')
    expect(exitCode).toBe(3)
    expect(err).toContain('checkout is broken')
    expect(err).toContain('backflip unfreeze')
    expect(backflip('unfreeze', '--reason', 'fixed').exitCode).toBe(0)
  })

  it('never goes to what was rolled away from, and says a no-op is one', () => {
    expect(backflip('rollback', '--yes')).toMatchObject({ exitCode: 3 })
    expect(backflip('deploy', R1, '--yes').err).toContain('is what is live')
    expect(backflip('deploy', R2, '--yes').err).toContain('was rolled away from')
  })

  it('a release that never gets healthy: exit 1, the lines of its log, traffic untouched, its color kept', async () => {
    publish(R3, `console.error('no database'); setTimeout(() => process.exit(1), 300)`)
    const { exitCode, err } = backflip('deploy', R3, '--yes')
    expect(exitCode).toBe(1)
    expect(err).toContain('no database')
    expect(await world.served()).toEqual({ status: 200, sha: R1 })
    expect(backflip('logs', 'web', '--color', 'green').out).toContain('no database')
    const report = JSON.parse(backflip('status', '--json').out) as { readiness: { fast: { open: boolean } } }
    expect(report.readiness.fast.open).toBe(false)
  })

  it('a person’s lock keeps everybody out at once, and is released by anybody', () => {
    expect(backflip('lock', 'acquire', '-m', 'moving the dätabase').exitCode).toBe(0)
    const { exitCode, err } = backflip('deploy', R2, '--again', '--reason', 'x', '--yes', '--lock-wait', '5m')
    expect(exitCode).toBe(4)
    expect(err).toContain('moving the dätabase')
    expect(backflip('lock', 'status').out).toContain('moving the dätabase')
    expect(backflip('lock', 'release').exitCode).toBe(0)
    expect(backflip('lock', 'release')).toMatchObject({ exitCode: 3 })
  })

  it('of two deploys at once one wins, the other is told who', async () => {
    const both = await Promise.all([R2, R2].map((sha) => running('deploy', sha, '--again', '--reason', 'x', '--yes')))
    const ends = await Promise.all(both.map((one) => one.ended()))
    expect(ends.filter(({ exitCode }) => exitCode === 0)).toHaveLength(1)
    expect(ends.filter(({ exitCode }) => exitCode === 4 || exitCode === 3)).toHaveLength(1)
    expect(await world.served()).toEqual({ status: 200, sha: R2 })
  })

  it('with --lock-wait the second one waits, plans from what the first left, and both go out', async () => {
    const go = join(world.folder, 'go')
    publish(SLOW, slowServer(go))
    const first = await running('deploy', SLOW, '--yes')
    await first.said('C Start')
    const second = await running('deploy', R1, '--again', '--reason', 'x', '--yes', '--lock-wait', '1m')
    await second.said(`: deploy ${SLOW}`)
    writeFileSync(go, '')
    const [one, two] = [await first.ended(), await second.ended()]
    expect(one.exitCode).toBe(0)
    expect(two.text).toContain('live now   555555555555')
    expect(two.exitCode).toBe(0)
    expect(await world.served()).toEqual({ status: 200, sha: R1 })
    expect(backflip('deploy', R2, '--again', '--reason', 'x', '--yes').exitCode).toBe(0)
  })

  it('cleanup refuses the live color and the last way back', () => {
    expect(backflip('cleanup', '--color', 'green', '--yes').exitCode).toBe(3)
    expect(backflip('cleanup', '--color', 'blue', '--yes').exitCode).toBe(3)
  })

  it('Ctrl-C while it checks: exit 130, traffic untouched, and the next deploy works', async () => {
    publish('4'.repeat(40), `setTimeout(() => undefined, 60_000)`)
    const deploying = await running('deploy', '4'.repeat(40), '--yes')
    await deploying.said('C Start')
    deploying.child.kill('SIGINT')
    expect((await deploying.ended()).exitCode).toBe(130)
    expect(await world.served()).toEqual({ status: 200, sha: R2 })
    expect(backflip('deploy', R1, '--yes', '--again', '--reason', 'x').exitCode).toBe(0)
  })

  it('killed: status says what is open, and resume or abort settles it', async () => {
    const deploying = await running('deploy', '4'.repeat(40), '--yes')
    await deploying.said('C Start')
    deploying.child.kill('SIGKILL')
    await deploying.ended()
    expect(backflip('status').out).toMatch(/open.*unfinished/)
    expect(backflip('deploy', R2, '--again', '--reason', 'x', '--yes')).toMatchObject({ exitCode: 4 })
    expect(backflip('abort').exitCode).toBe(1)
    expect(backflip('resume').exitCode).toBe(3)
    expect(await world.served()).toEqual({ status: 200, sha: R1 })
  })

  it('doctor mends a file and never guesses which color is live', async () => {
    const file = join(world.folder, '.backflip', 'local', 'edge', 'active-color')
    const word = readFileSync(file, 'utf8')
    writeFileSync(file, 'purple\n')
    expect(backflip('doctor').exitCode).toBe(6)
    expect(backflip('doctor', '--repair')).toMatchObject({ exitCode: 0 })
    expect(readFileSync(file, 'utf8')).toBe(word)
  })

  it('I9: with everything down status answers, and says what it could not see; up brings all back', async () => {
    expect(backflip('down', '--yes').exitCode).toBe(0)
    const { exitCode, out } = backflip('status')
    expect(exitCode).toBe(0)
    expect(out).toContain('does not run')
    expect(backflip('up').exitCode).toBe(0)
    await until(async () => (await world.served()).status === 200)
    expect(await world.served()).toEqual({ status: 200, sha: R1 })
  })
})

describe('bad input: one clear error, exit 2 or 3, nothing lost', () => {
  const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
    [['deploy', 'abc', '--yes'], 2, /40 lower-case hex/],
    [['deploy', '$(touch evil)', '--yes'], 2, /40 lower-case hex/],
    [['deploy', '9'.repeat(40), '--yes'], 3, /no release 999999999999/],
    [['deploy'], 2, /missing required argument/],
    [['deplyo', R1], 2, /Did you mean deploy/],
    [['status', '--jsn'], 2, /unknown option/],
    [['status', '--env', 'lokal'], 2, /did you mean --env local/],
    [['status', '--config', 'nowhere.yaml'], 2, /there is no/],
    [['rollback', '--mode', 'slow', '--yes'], 2, /is no mode/],
    [['cleanup', '--color', 'red', '--yes'], 2, /blue or green/],
    [['logs', 'nothing'], 2, /no component/],
    [['logs', '../web'], 2, /cannot be the name/],
    [['publish', '--sha', R1, 'web'], 2, /COMPONENT=PATH/],
    [['publish', '--sha', R1, 'db=app'], 2, /no component/],
    [['publish', 'web=app'], 2, /which commit/],
    [['freeze'], 2, /reason is needed/],
    [['history', '--limit', '-3'], 2, /whole number/],
    [['deploy', R2, '--lock-wait', '5', '--yes'], 2, /not a duration/],
    [['rollback', R3, '--yes'], 3, /not a good release/],
    [['resume'], 3, /nothing to resume/],
    [['incident', 'abc'], 2, /40 lower-case hex/],
    [['incident', '--since', 'yesterday'], 2, /is no time/],
    [['incident', R1.replace('1', '0')], 3, /no operation had to do with/],
  ]
  it.each(cases)('%j', async (args, exitCode, expected) => {
    const before = (await world.served()).sha
    const ended = backflip(...args)
    expect(`${ended.err}${ended.out}`).toMatch(expected)
    expect(ended.exitCode).toBe(exitCode)
    expect((await world.served()).sha).toBe(before)
  })

  it('nobody to ask and no --yes: exit 2, nothing done', () => {
    expect(backflip('deploy', R2, '--again', '--reason', 'x')).toMatchObject({ exitCode: 2 })
  })

  it('help connects to nothing and locks nothing', () => {
    const { status, stdout } = spawnSync(process.execPath, [PROGRAM, 'rollback', '--help'], {
      cwd: '/',
      encoding: 'utf8',
    })
    expect(status).toBe(0)
    expect(stdout).toContain('--mode')
  })
})
