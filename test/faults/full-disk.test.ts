import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { PHASES } from '../../src/domain/phase.ts'
import { R1, R2, type RealWorld, realWorld } from '../crash/real/world.ts'
import { requireHaproxy } from '../edge/world.ts'
import { backflip, type CommandAsk } from './command.ts'
import { type HooksFolder, hooksFolder } from './hooks-folder.ts'
import { type SmallDisk, smallDisk } from './small-disk.ts'

const AGAIN = ['--again', '--reason', 'a test', '--yes'] as const
/** What the kernel or SQLite says, or we in their place. */
const NO_ROOM = /ENOSPC|No space left|disk is full|no room left/

let folder: string
let hooks: HooksFolder

beforeAll(() => {
  requireHaproxy()
  folder = mkdtempSync(join(tmpdir(), 'bf-full-'))
  hooks = hooksFolder(join(folder, 'hooks'))
})
beforeEach(() => hooks.clear())
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const ballastOf = (disk: SmallDisk) => join(disk.folder, 'ballast')
const witness = () => join(folder, 'filled')
/** Takes every byte, and leaves behind what the kernel said at the end. */
const fill = (disk: SmallDisk) => `cat /dev/zero > '${ballastOf(disk)}' 2> '${witness()}'; true`

/** The kernel said so to the one who filled it, and the operation met it too. */
function assertReached(said: string): void {
  expect(readFileSync(witness(), 'utf8')).toMatch(NO_ROOM)
  rmSync(witness())
  expect(said).toMatch(NO_ROOM)
}

interface Status {
  readonly record: { readonly open: object | null; readonly live: { readonly sha: string } | null }
  readonly drift: readonly object[]
}

function statusOf(at: CommandAsk): Status {
  const { exitCode, out } = backflip(at, 'status', '--json')
  expect(exitCode).toBe(0)
  return JSON.parse(out) as Status
}

/** Whatever is open is taken up, and everything agrees afterwards. */
function assertRecovers(at: CommandAsk): void {
  const settled = statusOf(at).record.open === null ? 0 : backflip(at, 'resume').exitCode
  expect([0, 1, 5]).toContain(settled)
  expect(statusOf(at)).toMatchObject({ record: { open: null }, drift: [] })
  expect(backflip(at, 'history', '--verify').exitCode).toBe(0)
}

describe('the disk of journal, cache, instances and edge is full', () => {
  let disk: SmallDisk
  let world: RealWorld
  beforeAll(async () => {
    disk = smallDisk(join(folder, 'all'), 48)
    world = await realWorld({
      folder: disk.folder,
      app: ['migrate: { component: web, command: [node, --version] }'],
      environment: [`hooks: ${hooks.path}`],
    })
    await world.deploy(R1)
    await world.deploy(R2)
  })
  afterAll(async () => {
    rmSync(ballastOf(disk), { force: true })
    await world.close()
    disk.close()
  })

  it.each(PHASES)('from %s on: traffic stays, and with room resume finishes it', async (phase) => {
    const { sha } = await world.served()
    const target = sha === R1 ? R2 : R1
    hooks.set(`pre-${phase}`, fill(disk))
    const { exitCode, err } = backflip(world, 'deploy', target, ...AGAIN)
    assertReached(err)
    // Once the switch has begun nobody says "users saw nothing".
    const switched = phase === 'verify'
    expect(exitCode).toBe(switched ? 6 : 1)
    expect(err).toContain('backflip resume')
    expect(await world.served()).toEqual({ status: 200, sha: switched ? target : sha })
    // I9: on a disk without one free byte.
    expect(statusOf(world).record).toMatchObject({ live: { sha: switched ? target : sha }, open: {} })
    rmSync(ballastOf(disk))
    hooks.clear()
    assertRecovers(world)
  })
})

describe('the disk of the edge alone is full', () => {
  let disk: SmallDisk
  let world: RealWorld
  beforeAll(async () => {
    disk = smallDisk(join(folder, 'edge'), 2)
    world = await realWorld({ edge: () => `folder: ${disk.folder}`, environment: [`hooks: ${hooks.path}`] })
    await world.deploy(R1)
    await world.deploy(R2)
  })
  afterAll(async () => {
    rmSync(ballastOf(disk), { force: true })
    await world.close()
    disk.close()
  })

  it.each([
    // The undo writes there too: it waits for room.
    ['launch', 6],
    ['switch', 1],
  ])(
    'before %s: exit %i, traffic untouched; with room it is settled, and the next deploy works',
    async (phase, expected) => {
      const { sha } = await world.served()
      const target = sha === R1 ? R2 : R1
      hooks.set(`pre-${phase}`, fill(disk))
      const { exitCode, err } = backflip(world, 'deploy', target, ...AGAIN)
      assertReached(err)
      expect(exitCode).toBe(expected)
      expect(err).toContain('no room left for')
      expect((await world.served()).sha).toBe(sha)
      rmSync(ballastOf(disk))
      hooks.clear()
      assertRecovers(world)
      expect(backflip(world, 'deploy', target, ...AGAIN)).toMatchObject({ exitCode: 0 })
    },
  )
})
