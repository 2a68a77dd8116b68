import { COLORS } from '../../domain/color.ts'
import type { Topology } from '../../domain/topology.ts'
import { backendName, type Layout } from './layout.ts'

/**
 * The fence in memory: a frontend of our own on a unix socket, where a write is compared with what is there and set in one go.
 *
 * One thread only takes its connections, and rules of one request run to their end without yielding: compare and set are one act
 * (docs/decisions/0002-fence-at-the-edge.md). `set map` on the admin socket cannot compare.
 */
export function renderControl(
  { key, stateMap, namesMap, controlSocket }: Layout,
  topology: Topology,
  configHash: string,
): string {
  const state = `str(${key}),map(${stateMap},unknown)`
  const refuse = (status: number, word: string, condition: string) =>
    `  http-request return status ${status} content-type text/plain lf-string "pid=%pid\\nrefused=${word}\\nstate=%[${state}]\\n" if ${condition}`
  return `frontend ${key}-control from ${key}
  bind unix@${controlSocket} mode 600 thread 1
  http-request set-var(txn.bf_now) ${state}
  http-request set-var(txn.bf_generation) var(txn.bf_now),field(4,:)
  http-request set-var(txn.bf_ask) req.hdr(x-generation)
  acl bf_fence path /fence
  acl bf_flip path /flip
  acl bf_name path /name
  acl bf_older var(txn.bf_ask),sub(txn.bf_generation) -m int lt 0
  acl bf_same var(txn.bf_ask),sub(txn.bf_generation) -m int eq 0
  acl bf_number req.hdr(x-generation) -m reg ^[0-9]{1,9}$
${refuse(400, 'malformed', 'METH_POST !bf_number')}
${refuse(409, 'fenced', 'METH_POST bf_older || METH_POST bf_fence bf_same')}
${COLORS.flatMap((color) => renderUpGate(key, color, topology).map((condition) => refuse(412, 'no-server', condition))).join('\n')}
  http-request set-map(${stateMap}) ${key} "%[var(txn.bf_now),field(1,:)]:%[var(txn.bf_now),field(2,:)]:%[var(txn.bf_now),field(3,:)]:%[var(txn.bf_ask)]" if METH_POST bf_fence
  http-request set-map(${stateMap}) ${key} "%[req.hdr(x-state)]:%[var(txn.bf_ask)]" if METH_POST bf_flip
  http-request set-map(${namesMap}) %[req.hdr(x-key)] %[req.hdr(x-value)] if METH_POST bf_name
  http-request return status 200 content-type text/plain lf-string "${renderAnswer(key, namesMap, state, topology, configHash)}"`
}

/** I1 at the instant of the switch: a flip to a color is refused while one of its components has no server up. */
function renderUpGate(key: string, color: 'blue' | 'green', { colors }: Topology): readonly string[] {
  const flip = `METH_POST bf_flip { req.hdr(x-live) -m str ${color} }`
  if (colors[color].length === 0) return [flip]
  return [colors[color].map(({ name }) => `${flip} !{ nbsrv(${backendName(key, color, name)}) gt 0 }`).join(' || ')]
}

function renderAnswer(key: string, namesMap: string, state: string, { colors }: Topology, configHash: string): string {
  const name = (one: string) => `%[str(${one}),map(${namesMap},none)]`
  const servers = COLORS.flatMap((color) =>
    colors[color].map(
      ({ name: component, servers: all }) =>
        `up=${color}/${component}/%[nbsrv(${backendName(key, color, component)})]/${all.length}\\n`,
    ),
  )
  return `pid=%pid\\nconfig=${configHash}\\nstate=%[${state}]\\nblue=${name('blue')}\\ngreen=${name('green')}\\npreview=${name('preview')}\\n${servers.join('')}`
}
