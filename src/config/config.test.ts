import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BackflipError } from '../domain/errors.ts'
import { chooseEnvironment, findConfig, loadConfig } from './load.ts'
import { parseConfig } from './parse.ts'
import { TEMPLATE } from './template.ts'

const GOOD = `app: hello
components:
  web:
    command: [node, server.js]
    routes: [{ path: / }]
    health: { path: /healthz }
environments:
  local:
    edge: { bind: "127.0.0.1:8080" }
    runtime: { ports: 20000-20099 }
    registry: { path: ./registry }
`

function problem(text: string): BackflipError {
  try {
    parseConfig(text, '/x/backflip.yaml')
  } catch (error) {
    if (error instanceof BackflipError) return error
    throw error
  }
  throw new Error('it was accepted')
}

describe('parseConfig', () => {
  it('fills in what is not said, in units of ours', () => {
    const config = parseConfig(GOOD, '/x/backflip.yaml')
    expect(config.components[0]).toMatchObject({
      instances: 1,
      stopTimeoutMs: 10_000,
      health: { timeoutMs: 2_000, release: { json: 'sha' } },
    })
    expect(config.environments[0]).toMatchObject({
      stateFolder: '/x/.backflip/local',
      edge: { publicUrl: 'http://127.0.0.1:8080', folder: '/x/.backflip/local/edge' },
      registry: { path: '/x/registry' },
      check: { consecutive: 3, intervalMs: 500, limitMs: 60_000 },
      standbyKeepMs: null,
    })
  })

  describe('a runtime on Incus', () => {
    const runtime = (rest: string) =>
      GOOD.replace(/runtime: .*/, `incus: { socket: /i.sock }\n    runtime: { driver: incus, image: debian, ${rest} }`)
    const addresses = 'addresses: { range: 10.0.0.10-10.0.0.40, gateway: 10.0.0.1 }'

    it('is described by an image and a range of addresses', () => {
      expect(parseConfig(runtime(addresses), '/x/backflip.yaml').environments[0]?.runtime).toMatchObject({
        driver: 'incus',
        namePattern: '{app}-{environment}-{component}-{color}',
        addresses: { first: '10.0.0.10', last: '10.0.0.40', static: { gateway: '10.0.0.1', prefix: 24 } },
        folder: '/opt/app',
        service: 'systemd',
        user: 'root',
      })
    })

    it('has its addresses leased by a network where no gateway is written', () => {
      const leased = 'addresses: { range: 10.0.0.10-10.0.0.40 }, network: { name: incusbr0 }'
      expect(parseConfig(runtime(leased), '/x/backflip.yaml').environments[0]?.runtime).toMatchObject({
        addresses: { first: '10.0.0.10', last: '10.0.0.40', static: null },
        network: { device: 'eth0', name: 'incusbr0' },
      })
    })

    it.each([
      ['no-addresses', 'network: { name: incusbr0 }'],
      ['no-network', 'addresses: { range: 10.0.0.10-10.0.0.40 }'],
      ['bad-addresses', 'addresses: { range: 10.0.0.40-10.0.0.10 }, network: { name: incusbr0 }'],
      ['bad-addresses', 'addresses: { range: 10.0.0.10-10.0.0.40, prefix: 24 }, network: { name: incusbr0 }'],
      ['bad-addresses', 'addresses: { range: 10.0.0.40-10.0.0.10, gateway: 10.0.0.1 }'],
      ['bad-addresses', 'addresses: { range: 10.0.0.1-10.0.0.40, gateway: 10.0.0.1 }'],
      ['bad-addresses', 'addresses: { range: 10.0.0.10-10.0.0.400, gateway: 10.0.0.1 }'],
      ['bad-addresses', 'addresses: { range: 10.0.0.10-10.0.0.40, gateway: 10.0.0.256 }'],
      ['script-as-root', `${addresses}, service: script, user: app`],
      ['bad-name-pattern', `${addresses}, name: "{app}-{color}"`],
    ])('refuses with %s: %s', (code, rest) => {
      expect(problem(runtime(rest))).toMatchObject({ code, kind: 'usage' })
    })
  })

  describe('an edge in a container', () => {
    const edge = (rest: string) =>
      GOOD.replace(
        'edge: { bind: "127.0.0.1:8080" }',
        `incus: { socket: incus.socket, project: veza }\n    edge: { bind: "*:80", transport: { driver: incus, instance: veza-edge }, ${rest} }`,
      )
    const attached = 'mode: attached, masterSocket: /run/m.sock, adminSocket: /run/a.sock'

    it('has paths of the container, and the environment’s own Incus', () => {
      const text = edge(
        `${attached}, public: "http://veza", folder: /srv/b, configFiles: [/srv/b/backflip-hello-local.cfg]`,
      )
      expect(parseConfig(text, '/x/backflip.yaml').environments[0]).toMatchObject({
        edge: { folder: '/srv/b', masterSocket: '/run/m.sock' },
        edgeTransport: { driver: 'incus', instance: 'veza-edge', sharedFolder: null },
        incus: { place: { socket: '/x/incus.socket' }, project: 'veza' },
      })
    })

    it.each([
      ['mode attached', 'public: "http://veza", folder: /srv/b'],
      ['public', `${attached}, folder: /srv/b`],
      ['folder', `${attached}, public: "http://veza"`],
      ['absolute paths', `${attached}, public: "http://veza", folder: srv/b`],
    ])('needs %s', (what, rest) => {
      expect(problem(edge(rest))).toMatchObject({
        code: 'edge-in-container',
        message: expect.stringContaining(`needs ${what}`) as string,
      })
    })
  })

  it('the template of init is a configuration', () => {
    expect(parseConfig(TEMPLATE, '/x/backflip.yaml').app).toBe('hello')
  })

  it('lets keys of the operator’s own pass at the top', () => {
    expect(parseConfig(`x-shared: { a: 1 }\n${GOOD}`, '/x/backflip.yaml').app).toBe('hello')
  })

  const bad: readonly (readonly [string, string, string, RegExp])[] = [
    [
      'an unknown key, with what was meant',
      'instances',
      GOOD.replace('    command:', '    instnaces: 2\n    command:'),
      /4:5 components\.web\.instnaces is not known: did you mean instances\?/,
    ],
    [
      'an unknown key of an environment',
      'drain',
      GOOD.replace('    registry:', '    drainn: {}\n    registry:'),
      /did you mean drain\?/,
    ],
    ['a bad name', 'app', GOOD.replace('app: hello', 'app: Hello World'), /1:1 app: lower-case/],
    ['a route with a quote', 'routes', GOOD.replace('{ path: / }', `{ path: '/a"b' }`), /routes\.0\.path/],
    [
      'a newline that would reach haproxy.cfg',
      'host',
      GOOD.replace('{ path: / }', '{ path: /, host: "a\\n  bind :1" }'),
      /host/,
    ],
    [
      'a duration without a unit',
      'timeout',
      GOOD.replace('{ path: /healthz }', '{ path: /healthz, timeout: 5 }'),
      /timeout/,
    ],
    [
      'a header that the edge adds',
      'header',
      GOOD.replace('{ path: /healthz }', '{ path: /healthz, release: { header: X-Backflip-Release } }'),
      /release/,
    ],
    [
      'a health path that nobody can ask',
      'health',
      GOOD.replace('{ path: / }', '{ path: /app }'),
      /6:5 the health path|not below its own routes/,
    ],
    [
      'a component that migrate does not find',
      'migrate',
      `${GOOD}migrate: { component: db, command: [x] }\n`,
      /no component/,
    ],
    [
      'too few ports for both colors',
      'few',
      GOOD.replace('20000-20099', '20000-20002').replace('    routes:', '    instances: 2\n    routes:'),
      /:\d+:\d+ 20000-20002 is 3 ports, and both colors need \d+/,
    ],
    ['what is missing', 'missing', GOOD.replace(/ +health: .*\n/, ''), /:\d+:\d+ components\.\w+\.health is missing/],
    [
      'an unknown key before what is missing because of it',
      'first',
      GOOD.replace('health:', 'heatlh:'),
      /heatlh is not known: did you mean health/,
    ],
    ['a name with a blank', 'name', GOOD.replace(/^ {2}local:/m, '  "lo cal":'), /lo cal: lower-case letters/],
    ['ports upside down', 'ports', GOOD.replace('20000-20099', '20099-20000'), /no range/],
    [
      'no components',
      'components',
      GOOD.replace(/components:[\s\S]*environments/, 'components: {}\nenvironments'),
      /at least one/,
    ],
    [
      'a secret from a variable that cannot have that name',
      'variable',
      GOOD.replace('    routes:', '    environment:\n      KEY: { env: "A B" }\n    routes:'),
      /:6:14 components\.web\.environment\.KEY\.env: letters, digits and _: the name of a variable$/,
    ],
    [
      'a value that is written in no known way',
      'value',
      GOOD.replace('    routes:', '    environment:\n      KEY: { envv: A }\n    routes:'),
      /:6:7 components\.web\.environment\.KEY: a plain value, \{env: NAME\}, \{file: path\} or/,
    ],
    ['what is no YAML', 'yaml', 'app: [', /is not YAML/],
    ['a key twice', 'twice', `${GOOD}app: again\n`, /is not YAML.*unique/i],
  ]
  it.each(bad)('refuses %s, with its place', (_what, _key, text, expected) => {
    const error = problem(text)
    expect(error.message).toMatch(expected)
    expect(error).toMatchObject({ kind: 'usage', place: { file: '/x/backflip.yaml' } })
    expect(error.place?.line).toBeGreaterThan(0)
  })
})

describe('loadConfig', () => {
  let folder: string
  const file = () => join(folder, 'backflip.yaml')
  const cache = () => join(folder, '.backflip', 'config-cache')
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bf-config-'))
    writeFileSync(file(), GOOD)
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('gives the same from the cache as from the file, and another file for other bytes', async () => {
    const first = await loadConfig(file())
    expect(await loadConfig(file())).toEqual(first)
    expect(readdirSync(cache())).toHaveLength(1)
    writeFileSync(file(), GOOD.replace('8080', '8081'))
    expect((await loadConfig(file())).environments[0]?.edge.bind.port).toBe(8081)
    expect(readdirSync(cache())).toHaveLength(2)
  })

  it('makes the default state folder one that git leaves out', async () => {
    await loadConfig(file())
    expect(readFileSync(join(folder, '.backflip', '.gitignore'), 'utf8')).toBe('*\n')
  })

  it('believes no cache that was changed, cut, or that others could have written', async () => {
    const first = await loadConfig(file())
    const [name = ''] = readdirSync(cache())
    for (const text of ['', 'garbage', `${'0'.repeat(64)}\n{"app":"evil"}`]) {
      writeFileSync(join(cache(), name), text)
      expect(await loadConfig(file())).toEqual(first)
    }
    chmodSync(cache(), 0o777)
    writeFileSync(join(cache(), name), `${'0'.repeat(64)}\n{"app":"evil"}`)
    expect(await loadConfig(file())).toEqual(first)
  })

  it('is found from a folder below, or where it is named', () => {
    mkdirSync(join(folder, 'a', 'b'), { recursive: true })
    expect(findConfig(join(folder, 'a', 'b'), null)).toBe(file())
    expect(() => findConfig(folder, 'other.yaml')).toThrow(/there is no/)
  })

  it('chooses the only environment, and suggests one for a typing error', async () => {
    const config = await loadConfig(file())
    expect((await chooseEnvironment(config, null)).name).toBe('local')
    await expect(chooseEnvironment(config, 'lokal')).rejects.toMatchObject({
      code: 'unknown-environment',
      hint: 'did you mean --env local?',
    })
  })
})
