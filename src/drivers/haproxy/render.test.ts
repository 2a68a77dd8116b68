import { describe, expect, it } from 'vitest'
import type { HaproxyConfig } from '../../config/types.ts'
import { parseAppName, parseComponentName, parseEnvironmentName } from '../../domain/ids.ts'
import type { ComponentTopology, Topology } from '../../domain/topology.ts'
import { layoutOf } from './layout.ts'
import { renderConfig } from './render.ts'

const app = parseAppName('shop')
const environment = parseEnvironmentName('prod')
const config: HaproxyConfig = {
  driver: 'haproxy',
  mode: 'managed',
  bind: { host: '127.0.0.1', port: 8080 },
  publicUrl: 'http://127.0.0.1:8080',
  folder: '/srv/shop/edge',
  binary: 'haproxy',
  configFiles: [],
  masterSocket: null,
  adminSocket: null,
  maintenance: { retryAfterSeconds: 30, healthPaths: [] },
}
const layout = layoutOf(config, app, environment)
const web: ComponentTopology = {
  name: parseComponentName('web'),
  routes: [{ pathPrefix: '/' }],
  health: { path: '/healthz', timeoutMs: 2000, release: 'body' },
  servers: [{ name: 'shop-prod-web-blue', host: '127.0.0.1', port: 9001 }],
}
const backend: ComponentTopology = {
  name: parseComponentName('backend'),
  routes: [{ pathPrefix: '/api' }, { pathPrefix: '/api/v2/', host: 'api.example.org' }],
  health: { path: '/api/health', timeoutMs: 500, release: 'body' },
  servers: [
    { name: 'shop-prod-backend-blue', host: '127.0.0.1', port: 9002 },
    { name: 'shop-prod-backend-blue-2', host: '127.0.0.1', port: 9003 },
  ],
}
const topology = (blue: readonly ComponentTopology[], green: readonly ComponentTopology[] = []): Topology => ({
  app,
  environment,
  colors: { blue, green },
})
const render = (value: Topology, mode: 'managed' | 'attached' = 'managed') =>
  renderConfig({ layout, mode, bind: config.bind, maintenance: config.maintenance, topology: value })
const linesOf = (text: string, word: string) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith(word))

describe('the rendered configuration', () => {
  it('routes a color by the longest prefix first, a named host before any, and whole path segments only', () => {
    expect(linesOf(render(topology([web, backend])).text, 'use_backend')).toMatchInlineSnapshot(`
      [
        "use_backend shop-prod-blue-backend if bf_blue { req.hdr(host),host_only,lower -m str api.example.org } { path /api/v2/ } || bf_blue { req.hdr(host),host_only,lower -m str api.example.org } { path_beg /api/v2/ }",
        "use_backend shop-prod-blue-backend if bf_blue { path /api } || bf_blue { path_beg /api/ }",
        "use_backend shop-prod-blue-web if bf_blue",
      ]
    `)
  })

  it('gives each color its own release’s components', () => {
    const { text } = render(topology([web, backend], [web]))
    expect(linesOf(text, 'backend ').map((line) => line.split(' ')[1])).toEqual([
      'shop-prod-blue-web',
      'shop-prod-blue-backend',
      'shop-prod-green-web',
      'shop-prod-unrouted',
    ])
    expect(linesOf(text, 'use_backend shop-prod-green-').length).toBe(1)
  })

  it('asks every server as its release wants to be asked, and gives an answer the time that its release names', () => {
    const { text } = render(topology([backend]))
    expect(text.slice(text.indexOf('\nbackend '), text.indexOf('\nbackend shop-prod-unrouted'))).toMatchInlineSnapshot(`
      "
      backend shop-prod-blue-backend from shop-prod
        option httpchk
        timeout check 500ms
        http-check send meth GET uri /api/health
        default-server check inter 250ms fall 2 rise 1 init-addr last,libc,none
        server shop-prod-backend-blue 127.0.0.1:9002
        server shop-prod-backend-blue-2 127.0.0.1:9003
      "
    `)
  })

  it('I1: a flip to a color without a component is refused by the control frontend, whatever is asked', () => {
    const refusals = linesOf(render(topology([web, backend])).text, 'http-request return status 412')
    expect(refusals.map((line) => line.slice(line.indexOf(' if ') + 4))).toEqual([
      'METH_POST bf_flip { req.hdr(x-live) -m str blue } !{ nbsrv(shop-prod-blue-web) gt 0 } || METH_POST bf_flip { req.hdr(x-live) -m str blue } !{ nbsrv(shop-prod-blue-backend) gt 0 }',
      'METH_POST bf_flip { req.hdr(x-live) -m str green }',
    ])
  })

  it('the control frontend has one thread: compare and set are one act', () => {
    expect(render(topology([])).text).toContain('bind unix@/srv/shop/edge/control.sock mode 600 thread 1\n')
  })

  it('its sockets are nobody else’s', () => {
    const { text } = render(topology([web]))
    for (const line of [...linesOf(text, 'stats socket'), ...linesOf(text, 'bind unix@')])
      expect(line).toContain('mode 600')
  })

  it('the same topology gives the same bytes, another one another hash, and the text carries its hash', () => {
    const [first, again, other] = [render(topology([web])), render(topology([web])), render(topology([web], [web]))]
    expect(again).toEqual(first)
    expect(other.hash).not.toBe(first.hash)
    expect(first.text).toContain(`config=${first.hash}\\n`)
    expect(first.text).not.toContain('@CONFIG')
  })

  it('attached: no section that is the operator’s, and every name begins with app and environment', () => {
    const { text } = render(topology([web, backend], [web]), 'attached')
    const sections = text.split('\n').filter((line) => /^[a-z]/.test(line))
    expect(sections.length).toBeGreaterThan(5)
    for (const line of sections) expect(line).toMatch(/^(defaults|frontend|backend) shop-prod(\b|-)/)
  })

  it.each<[string, Partial<ComponentTopology>]>([
    ['a newline in a path', { routes: [{ pathPrefix: '/a\n  server evil 10.0.0.1:1' }] }],
    ['a quote in a path', { routes: [{ pathPrefix: '/a"' }] }],
    ['a space in a path', { routes: [{ pathPrefix: '/a b' }] }],
    ['an open brace in a path', { routes: [{ pathPrefix: '/a}' }] }],
    ['a comment in a path', { routes: [{ pathPrefix: '/a#b' }] }],
    ['a variable in a path', { routes: [{ pathPrefix: '/%[env(HOME)]' }] }],
    ['no slash first', { routes: [{ pathPrefix: 'a' }] }],
    ['a newline in a host', { routes: [{ pathPrefix: '/', host: 'a\nb' }] }],
    ['a space in a host', { routes: [{ pathPrefix: '/', host: 'a b' }] }],
    ['a newline at the end of a host', { routes: [{ pathPrefix: '/', host: 'a\n' }] }],
    ['a newline in a health path', { health: { ...web.health, path: '/h\n' } }],
    ['no time for a health answer', { health: { ...web.health, timeoutMs: 0 } }],
    ['a newline in a name', { name: 'we\nb' as ComponentTopology['name'] }],
    ['a newline at the end of a name', { name: 'web\n' as ComponentTopology['name'] }],
    ['a space in a server’s name', { servers: [{ name: 'a b', host: '127.0.0.1', port: 1 }] }],
    ['a newline in an address', { servers: [{ name: 'a', host: '127.0.0.1\n', port: 1 }] }],
    ['a port that is none', { servers: [{ name: 'a', host: '127.0.0.1', port: 65_536 }] }],
    ['half a port', { servers: [{ name: 'a', host: '127.0.0.1', port: 1.5 }] }],
  ])('refuses %s, and says which component', (_what, part) => {
    const bad = { code: 'unsafe-for-haproxy', kind: 'usage' }
    expect(() => render(topology([{ ...web, ...part }]))).toThrow(expect.objectContaining(bad))
    expect(() => render(topology([], [{ ...web, ...part }]))).toThrow(expect.objectContaining(bad))
  })
})

describe('names and paths', () => {
  it.each([' ', '\n', '"', "'", '#', '%', '\\', '{', '$'])('refuses a folder with %j', (character) => {
    const bad = { ...config, folder: `/srv/a${character}b` }
    expect(() => layoutOf(bad, app, environment)).toThrow(expect.objectContaining({ code: 'bad-edge-folder' }))
  })

  it('refuses a folder whose sockets would have too long a path', () => {
    const bad = { ...config, folder: `/${'a'.repeat(90)}` }
    expect(() => layoutOf(bad, app, environment)).toThrow(expect.objectContaining({ code: 'socket-path-too-long' }))
  })

  it('refuses an operator’s list that does not name our file', () => {
    const bad: HaproxyConfig = { ...config, mode: 'attached', configFiles: ['/etc/haproxy/haproxy.cfg'] }
    expect(() => layoutOf(bad, app, environment)).toThrow(expect.objectContaining({ code: 'edge-file-not-listed' }))
  })
})
