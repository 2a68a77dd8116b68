import type { HaproxyConfig } from '../../config/types.ts'
import { COLORS, type Color, otherColor } from '../../domain/color.ts'
import { usageError } from '../../domain/errors.ts'
import type { Route } from '../../domain/release.ts'
import { routeOrder } from '../../domain/routing.ts'
import type { ComponentTopology, Topology } from '../../domain/topology.ts'
import { sha256Hex } from '../../lib/sha256.ts'
import { backendName, type Layout } from './layout.ts'
import { renderControl } from './render-control.ts'

export interface RenderInput {
  readonly layout: Layout
  readonly mode: 'managed' | 'attached'
  readonly bind: { readonly host: string; readonly port: number }
  readonly maintenance: HaproxyConfig['maintenance']
  readonly topology: Topology
}

export interface RenderedConfig {
  readonly text: string
  /** Of the text; the running worker says it too, so that "is this what runs" has an answer. */
  readonly hash: string
}

const HASH_LENGTH = 16
const HASH_PLACE = '@CONFIG-HASH@'

/** The whole configuration, or our one file of somebody else's. Pure: the same topology gives the same bytes. */
export function renderConfig(input: RenderInput): RenderedConfig {
  for (const color of COLORS) for (const component of input.topology.colors[color]) assertSafe(component)
  const { key } = input.layout
  const sections = [
    `# Written by backflip for ${key}. Changes made by hand are lost at the next deploy.`,
    ...(input.mode === 'managed' ? [renderGlobal(input.layout)] : []),
    renderDefaults(key),
    renderPublic(input),
    renderControl(input.layout, input.topology, HASH_PLACE),
    ...COLORS.flatMap((color) => input.topology.colors[color].map((component) => renderBackend(key, color, component))),
    `backend ${key}-unrouted from ${key}\n  http-request return status 404 content-type text/plain string "no route\\n"`,
  ]
  const text = `${sections.join('\n\n')}\n`
  const hash = sha256Hex(text).slice(0, HASH_LENGTH)
  return { text: text.replace(HASH_PLACE, hash), hash }
}

function renderGlobal({ adminSocket }: Layout): string {
  // hard-stop-after and mworker-max-reloads bound what a reload leaves behind (research/haproxy.md §6).
  return `global
  stats socket ${adminSocket} mode 600 level admin expose-fd listeners
  stats timeout 1m
  nbthread 2
  maxconn 4000
  hard-stop-after 60s
  mworker-max-reloads 5`
}

function renderDefaults(key: string): string {
  // idle-close-on-response: without it a reload closes idle connections that a client may be writing into (research/haproxy.md §4: 394 lost
  // of 523,000). Its price, one late answer by the old worker, is paid by `flip`, which tells old workers too.
  return `defaults ${key}
  mode http
  timeout connect 2s
  timeout client 60s
  timeout server 60s
  timeout tunnel 1h
  timeout http-keep-alive 30s
  timeout http-request 30s
  timeout queue 10s
  retries 2
  option redispatch
  option idle-close-on-response`
}

function renderPublic({ layout, bind, topology, maintenance }: RenderInput): string {
  const { key, stateMap, namesMap } = layout
  return `frontend ${key}-public from ${key}
  bind ${bind.host}:${bind.port}
  option forwardfor
  # Clients may ask for a preview; nothing else that they say in our name is believed or passed on.
  http-request set-var(txn.bf_preview) req.hdr(x-backflip-preview)
  http-request del-header x-backflip- -m beg
  http-request set-var(txn.bf_state) str(${key}),map(${stateMap},unknown)
  http-request set-var(txn.bf_live) var(txn.bf_state),field(1,:)
  http-request set-var(txn.bf_candidate) var(txn.bf_state),field(2,:)
  http-request set-var(txn.bf_share) var(txn.bf_state),field(3,:)
  http-request set-var(txn.bf_color) var(txn.bf_live)
${renderShare(key, topology)}
${renderPreview(namesMap)}
  acl bf_blue var(txn.bf_color) -m str blue
  acl bf_green var(txn.bf_color) -m str green
  http-response del-header x-backflip- -m beg
  http-after-response set-header X-Backflip-Color %[var(txn.bf_color)]
  http-after-response set-header X-Backflip-Release %[var(txn.bf_color),map(${namesMap},none)]
${renderMaintenance(maintenance)}
  http-request return status 503 content-type text/plain hdr Retry-After 5 string "nothing is deployed here\\n" if !bf_blue !bf_green
${COLORS.flatMap((color) => renderRoutes(key, color, topology)).join('\n')}
  default_backend ${key}-unrouted`
}

/** A share of the traffic for the candidate, by a bucket that sticks; a cookie is what a client says (research/haproxy.md §12). */
function renderShare(key: string, topology: Topology): string {
  const cookie = `backflip-${key}`
  const known = `{ req.cook(${cookie}) -m reg ^[0-9]{1,4}$ }`
  return `  acl bf_shared var(txn.bf_share) -m int gt 0
  acl bf_bucketed req.cook(${cookie}) -m reg ^[0-9]{1,4}$
  http-request set-var(txn.bf_bucket) req.cook(${cookie}) if bf_shared ${known}
  http-request set-var(txn.bf_bucket) rand(10000) if bf_shared !bf_bucketed
  http-request set-var(txn.bf_new) int(1) if bf_shared !bf_bucketed
  acl bf_in_share var(txn.bf_bucket),sub(txn.bf_share) -m int lt 0
${COLORS.flatMap((color) => renderCandidate(key, color, topology)).join('\n')}
  http-response add-header Set-Cookie "${cookie}=%[var(txn.bf_bucket)]; Path=/; HttpOnly; SameSite=Lax" if { var(txn.bf_new) -m found }`
}

/** The candidate gets its share only while each of its components has a server up. */
function renderCandidate(key: string, color: Color, { colors }: Topology): readonly string[] {
  if (colors[color].length === 0) return []
  const up = colors[color].map(({ name }) => `{ nbsrv(${backendName(key, color, name)}) gt 0 }`).join(' ')
  return [
    `  http-request set-var(txn.bf_color) str(${color}) if bf_shared bf_in_share { var(txn.bf_candidate) -m str ${color} } ${up}`,
  ]
}

/**
 * The standby color, for whoever knows the token; in maintenance the candidate, so that it can be asked before it gets traffic. An empty token opens
 * nothing. Before the first flip the standby color is blue.
 */
function renderPreview(namesMap: string): string {
  const rule = (live: string, to: Color, more = '') =>
    `  http-request set-var(txn.bf_color) str(${to}) if bf_has_token bf_asked bf_matches { var(txn.bf_live) -m str ${live} }${more}`
  return `  http-request set-var(txn.bf_token) str(preview),map(${namesMap},)
  acl bf_has_token var(txn.bf_token),length -m int ge 16
  acl bf_asked var(txn.bf_preview) -m found
  acl bf_matches var(txn.bf_preview),strcmp(txn.bf_token) -m int eq 0
${COLORS.map((live) => rule(live, otherColor(live))).join('\n')}
${rule('none', 'blue')}
${COLORS.map((color) => rule('maintenance', color, ` { var(txn.bf_candidate) -m str ${color} }`)).join('\n')}`
}

/** Kept away while data is put back, but for who knows the preview token, and for what watches the edge from outside. */
function renderMaintenance({ retryAfterSeconds, healthPaths }: HaproxyConfig['maintenance']): string {
  for (const path of healthPaths) if (!PATH.test(path)) throw unsafe('a health path', path, 'edge.maintenance')
  const closed = '!bf_blue !bf_green { var(txn.bf_live) -m str maintenance }'
  const health = healthPaths.map(
    (path) =>
      `  http-request return status 200 content-type text/plain string "maintenance\\n" if ${closed} { path ${path} }`,
  )
  return [
    ...health,
    `  http-request return status 503 content-type text/plain hdr Retry-After ${Math.trunc(retryAfterSeconds)} string "down for maintenance\\n" if ${closed}`,
  ].join('\n')
}

function renderRoutes(key: string, color: Color, { colors }: Topology): readonly string[] {
  return routeOrder(colors[color]).map(({ component, route }) => {
    const conditions = pathConditions(route).map((path) => [`bf_${color}`, ...hostCondition(route), ...path].join(' '))
    return `  use_backend ${backendName(key, color, component)} if ${conditions.join(' || ')}`
  })
}

function pathConditions({ pathPrefix }: Route): readonly (readonly string[])[] {
  if (pathPrefix === '/') return [[]]
  const whole = pathPrefix.endsWith('/') ? pathPrefix : `${pathPrefix}/`
  return [[`{ path ${pathPrefix} }`], [`{ path_beg ${whole} }`]]
}

function hostCondition({ host }: Route): readonly string[] {
  return host === undefined ? [] : [`{ req.hdr(host),host_only,lower -m str ${host} }`]
}

/** Without `timeout check` an answer may take no longer than the interval (configuration manual §4.2): a slow health page would be a dead server. */
function renderBackend(key: string, color: Color, { name, health, servers }: ComponentTopology): string {
  // rise 1: a color that phase D found healthy is seen as up at the edge's next look, not after two of them.
  return `backend ${backendName(key, color, name)} from ${key}
  option httpchk
  timeout check ${health.timeoutMs}ms
  http-check send meth GET uri ${health.path}
  default-server check inter 250ms fall 2 rise 1 init-addr last,libc,none
${servers.map((server) => `  server ${server.name} ${server.host}:${server.port}`).join('\n')}`
}

const PATH = /^\/[A-Za-z0-9._~/-]*$/
const HOST = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/
const ADDRESS = /^[0-9A-Za-z.:-]+$/

/** Nothing reaches a configuration line that could end it, open a quote or begin another word. */
function assertSafe({ name, routes, health, servers }: ComponentTopology): void {
  const bad = (what: string, text: string) => unsafe(`${what} of ${name}`, text, `components.${name}`)
  if (!/^[a-z][a-z0-9-]*$/.test(name)) throw bad('the name', name)
  if (!PATH.test(health.path)) throw bad('the health path', health.path)
  if (!Number.isInteger(health.timeoutMs) || health.timeoutMs < 1) throw bad('a time', String(health.timeoutMs))
  for (const { pathPrefix, host } of routes) {
    if (!PATH.test(pathPrefix)) throw bad('a route', pathPrefix)
    if (host !== undefined && !HOST.test(host)) throw bad('a host', host)
  }
  for (const server of servers) {
    if (!/^[a-z0-9][a-z0-9-]*$/.test(server.name)) throw bad('a server name', server.name)
    if (!ADDRESS.test(server.host)) throw bad('an address', server.host)
    if (!Number.isInteger(server.port) || server.port < 1 || server.port > 65_535)
      throw bad('a port', String(server.port))
  }
}

function unsafe(what: string, text: string, flag: string) {
  return usageError(`${what} cannot stand in an HAProxy configuration: ${JSON.stringify(text)}`, {
    code: 'unsafe-for-haproxy',
    place: { flag },
  })
}
