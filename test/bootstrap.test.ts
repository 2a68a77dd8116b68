import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (file: string) => JSON.parse(readFileSync(`${root}/${file}`, 'utf8'))
const bootstrap = (...args: readonly string[]) =>
  spawnSync(process.execPath, ['scripts/bootstrap.js', ...args], { cwd: root, encoding: 'utf8' })

describe('the lockfile', () => {
  const { packages } = read('package-lock.json') as {
    readonly packages: {
      readonly [path: string]: {
        readonly resolved?: string
        readonly optionalDependencies?: { readonly [name: string]: string }
      }
    }
  }

  it('names the packages of every platform: npm ci refuses one that does not', () => {
    const named = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.entries(optionalDependencies).map(([name, version]) => ({ path, name, version })),
    )
    expect(named.length).toBeGreaterThan(50)
    const missing = named.filter(
      ({ path, name }) => !(`node_modules/${name}` in packages || `${path}/node_modules/${name}` in packages),
    )
    expect(missing).toEqual([])
  })

  it('holds no address of a registry', () => {
    const addresses = Object.values(packages).flatMap(({ resolved }) => (resolved?.includes('://') ? [resolved] : []))
    expect(addresses).toEqual([])
  })

  it('pins what package.json pins: exact versions only', () => {
    const { devDependencies, dependencies } = read('package.json')
    const versions = Object.entries<string>({ ...dependencies, ...devDependencies })
    expect(versions.length).toBeGreaterThan(5)
    for (const [name, version] of versions) {
      expect(version, name).toMatch(/^\d+\.\d+\.\d+$/)
      expect(packages[`node_modules/${name}`], name).toMatchObject({ version })
    }
  })
})

describe('the bootstrap', () => {
  it('finds the packaged Node where its package has it: npm 9 makes no link to it', async () => {
    const paths = new URL('../scripts/bootstrap/paths.js', import.meta.url).href
    const { NODE_FOLDER } = (await import(paths)) as { readonly NODE_FOLDER: string }
    const { name } = read(relative(root, join(NODE_FOLDER, '..', 'package.json'))) as { readonly name: string }
    const known = (read('tools/node-runtime/package.json') as { readonly optionalDependencies: object })
      .optionalDependencies
    expect(Object.keys(known)).toContain(name)
    expect(spawnSync(join(NODE_FOLDER, 'node'), ['--version'], { encoding: 'utf8' }).stdout).toMatch(/^v24\./)
  })

  it('says nothing and installs nothing when everything is there, and hands the exit code on', () => {
    const ended = bootstrap('test', '--only', 'no-such-part')
    expect(ended.stdout).toBe('')
    expect(ended.stderr).toContain('there is no part "no-such-part"')
    expect(ended.stderr).not.toContain('Installing')
    expect(ended.status).toBe(1)
  })

  it('names its tasks when it is asked for another one', () => {
    const { status, stderr } = bootstrap('dance')
    expect(stderr).toMatch(/^backflip: there is no task "dance": demo, test, /)
    expect(status).toBe(1)
  })

  it('is what every script of package.json calls, with a task that it has', async () => {
    const tasks = readFileSync(`${root}/scripts/bootstrap/tasks.js`, 'utf8')
    const { scripts } = read('package.json') as { readonly scripts: { readonly [name: string]: string } }
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(['demo', 'test', 'bench', 'simulate', 'build']))
    for (const [name, script] of Object.entries(scripts)) {
      const [, task] = /^node scripts\/bootstrap\.js ([a-z]+)$/.exec(script) ?? []
      expect(task, name).toBeDefined()
      expect(tasks).toContain(`  ${task}: {`)
    }
  })
})

it('npm test ends with one line of numbers, and says of every part how it ended', () => {
  const { stdout, status } = bootstrap('test', '--only', 'haproxy,strace')
  const lines = stdout.trimEnd().split('\n')
  expect(lines.at(-1)).toMatch(/^\d+ passed, \d+ failed$/)
  expect(lines.slice(0, -1).map((line) => line.split(/\s+/)[1])).toEqual(expect.arrayContaining(['haproxy', 'strace']))
  expect(status).toBe(lines.at(-1)?.endsWith(', 0 failed') ? 0 : 1)
})
