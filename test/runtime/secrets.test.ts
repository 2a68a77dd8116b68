import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { CachedArtifact, Instance } from '../../src/ports/runtime.ts'
import { answerOf, launchAsk, operation, RELEASE_A } from '../contract/runtime.ts'
import { leadersOf } from './call.ts'
import { type ProcessWorld, processWorld } from './process-world.ts'

const CANARIES = { env: 'canary-env-83b1', file: 'canary-file-90c2', command: 'canary-command-77d3' }

describe('process runtime: secrets and the state folder', () => {
  let world: ProcessWorld
  beforeEach(async () => {
    world = await processWorld()
  })
  afterEach(() => world.close())

  const filesBelow = async (folder: string): Promise<readonly string[]> => {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true })
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  }

  const secretEnvironment = async () => {
    const file = join(world.folder, 'secret')
    await writeFile(file, `${CANARIES.file}\n`)
    return {
      FROM_ENV: world.setSecret('CANARY', CANARIES.env),
      FROM_FILE: { file },
      FROM_COMMAND: {
        command: [process.execPath, '-e', `console.log(${JSON.stringify(CANARIES.command.split('-'))}.join('-'))`],
      },
      PLAIN: 'plain',
    }
  }

  test('I10: no secret is in any file of the state folder or on any command line', { timeout: 30_000 }, async () => {
    const environment = await secretEnvironment()
    const release = await world.release(RELEASE_A, { web: { behaviour: 'serve', environment } })
    const ask = launchAsk(release, 'blue', 1)
    await world.open().unpack(ask)
    const { instances } = await world.open().start(ask)
    const { environment: seen } = await answerOf(world, instances[0] as Instance)
    expect(seen).toMatchObject({
      FROM_ENV: CANARIES.env,
      FROM_FILE: CANARIES.file,
      FROM_COMMAND: CANARIES.command,
      PLAIN: 'plain',
    })
    // Nothing of the operator's own environment but what every program needs.
    expect(seen).not.toHaveProperty('OPERATORS_TOKEN')
    expect(seen).not.toHaveProperty('CANARY')

    const { manifest, artifacts } = release
    const one = {
      name: 'migrate',
      operation: operation(1),
      manifest,
      artifact: artifacts[0] as CachedArtifact,
      environment,
      timeoutMs: 20_000,
      fencedBy: 1,
    }
    let commandLines = ''
    const running = world.open().runOnce({ ...one, command: world.command(0, 500) })
    await expect.poll(() => world.commandsRun(), { timeout: 10_000 }).toBe(1)
    for (const pid of leadersOf(world)) commandLines += await readFile(`/proc/${pid}/cmdline`, 'utf8')
    expect(commandLines).toContain('program.mjs')
    await running
    await world.open().stop({ color: 'blue', fencedBy: 1 })

    const texts = [
      commandLines,
      ...(await Promise.all((await filesBelow(world.stateFolder)).map((file) => readFile(file, 'latin1')))),
    ]
    expect(texts.join('\n')).toContain('FROM_ENV')
    for (const canary of Object.values(CANARIES)) expect(texts.filter((text) => text.includes(canary))).toEqual([])
  })

  test('I10: folders are closed to others and so are the files with state and logs', { timeout: 30_000 }, async () => {
    const ask = launchAsk(await world.release(RELEASE_A, { web: { behaviour: 'serve' } }), 'blue', 1)
    await world.open().unpack(ask)
    await world.open().start(ask)
    const modes = await Promise.all(
      ['', 'instances', 'logs', 'colors', 'one-off', 'generations'].map(
        async (name) => (await stat(join(world.stateFolder, name))).mode & 0o777,
      ),
    )
    expect(modes).toEqual(Array.from({ length: 6 }, () => 0o700))
    const files = [
      ...(await filesBelow(join(world.stateFolder, 'instances'))),
      ...(await filesBelow(join(world.stateFolder, 'logs'))),
    ]
    expect(files).toHaveLength(2)
    for (const file of files) expect((await stat(file)).mode & 0o777).toBe(0o600)
  })

  test('a state folder that others can write into is not believed and not used', { timeout: 30_000 }, async () => {
    const ask = launchAsk(await world.release(RELEASE_A, { web: { behaviour: 'serve' } }), 'blue', 1)
    await mkdir(world.stateFolder)
    await chmod(world.stateFolder, 0o777)
    const unsafe = { code: 'unsafe-state-folder', kind: 'refused' }
    await expect(world.open().list()).rejects.toMatchObject(unsafe)
    await expect(world.open().unpack(ask)).rejects.toMatchObject(unsafe)
    expect(await readdir(world.stateFolder)).toEqual([])
    await chmod(world.stateFolder, 0o700)
  })

  test.each([
    ['a file that is not there', { file: '/nowhere/at/all' }, 'secret-missing'],
    [
      'a command that fails',
      { command: [process.execPath, '-e', `console.error('${CANARIES.command}'); process.exit(1)`] },
      'secret-unreadable',
    ],
    [
      'a command that prints without end',
      { command: [process.execPath, '-e', 'for (;;) process.stdout.write("x".repeat(65536))'] },
      'secret-unreadable',
    ],
    ['a file without end', { file: '/dev/zero' }, 'secret-unreadable'],
  ])('%s is refused by its reference, and nothing is started', { timeout: 30_000 }, async (_what, SECRET, code) => {
    const ask = launchAsk(
      await world.release(RELEASE_A, { web: { behaviour: 'serve', environment: { SECRET } } }),
      'blue',
      1,
    )
    await world.open().unpack(ask)
    const error = (await world
      .open()
      .start(ask)
      .catch((caught: unknown) => caught)) as Error & { code: string }
    expect(error).toMatchObject({ code, kind: 'refused' })
    expect(error.message).toContain('web.SECRET')
    expect(`${error.stack} ${JSON.stringify(error)}`).not.toContain(CANARIES.command)
    expect(leadersOf(world)).toEqual([])
  })
})
