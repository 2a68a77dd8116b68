import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import type { HaproxyConfig } from '../../src/config/types.ts'
import type { Color } from '../../src/domain/color.ts'
import { BackflipError } from '../../src/domain/errors.ts'
import type { OperationId, Sha } from '../../src/domain/ids.ts'
import type { Topology } from '../../src/domain/topology.ts'
import type { Anchor, Edge } from '../../src/ports/edge.ts'
import type { Transport } from '../../src/ports/transport.ts'

/** One order to the program below: what it shall do, and before which of its acts it stops itself. */
export interface Order {
  readonly what: 'fence' | 'flip' | 'name' | 'apply' | 'record'
  readonly generation: number
  readonly stopBefore: number
  readonly color: Color
  readonly topology: Topology
  readonly anchor: Anchor
  readonly sha: Sha
  readonly operation: OperationId
}

export interface Outcome {
  /** Null: it was done. */
  readonly code: string | null
  readonly generation: number | null
  /** Names of the acts it came to; fewer than `stopBefore` means that it never stopped. */
  readonly acts: readonly string[]
}

/**
 * A writer that sleeps at the worst moment: a process of its own that stops itself (SIGSTOP) before its nth act. An act is a call of the transport, or
 * one system call of a file write. Its orders come as messages, so that one start serves all places.
 */
async function main(config: HaproxyConfig): Promise<void> {
  let acts: string[] = []
  let stopBefore = 0
  const act = (name: string) => {
    acts.push(name)
    if (acts.length === stopBefore) process.kill(process.pid, 'SIGSTOP')
  }
  const edge = await edgeOf(config, act)
  process.on('message', (order: Order) => {
    acts = []
    stopBefore = order.stopBefore
    carryOut(edge, order).then(
      (generation) => process.send?.({ code: null, generation, acts } satisfies Outcome),
      (error: unknown) => {
        const code = error instanceof BackflipError ? error.code : String(error)
        process.send?.({ code, generation: null, acts } satisfies Outcome)
      },
    )
  })
  process.send?.('ready')
}

async function carryOut(edge: Edge, order: Order): Promise<number | null> {
  const { what, generation: fencedBy, color, topology, anchor, sha, operation } = order
  if (what === 'fence') return (await edge.fence({ anchor })).generation
  if (what === 'flip') await edge.flip({ to: color, fencedBy, anchor })
  if (what === 'name') await edge.name({ color, sha, fencedBy })
  if (what === 'apply') await edge.apply({ topology, fencedBy })
  if (what === 'record') await edge.record({ at: '2026-01-01T00:00:00.000Z', color, sha, operation, fencedBy })
  return null
}

/** The real driver on the real transport, both with a bell on every act. Imported last: the bells on node:fs must hang by then. */
async function edgeOf(config: HaproxyConfig, act: (name: string) => void): Promise<Edge> {
  for (const name of ['writeSync', 'fsyncSync', 'renameSync'] as const) ring(name, act)
  syncBuiltinESMExports()
  const { haproxyEdge } = await import('../../src/drivers/haproxy/edge.ts')
  const { systemClock } = await import('../../src/drivers/local/clock.ts')
  const { localLiveness } = await import('../../src/drivers/local/liveness.ts')
  const { localSharedLock } = await import('../../src/drivers/local/shared-lock.ts')
  const { localTransport } = await import('../../src/drivers/local/transport.ts')
  const { APP, ENVIRONMENT } = await import('../fakes/history.ts')
  const real = localTransport()
  const transport = new Proxy(real, {
    get: (target, name: keyof Transport) => {
      const call = target[name] as (...args: readonly unknown[]) => unknown
      return (...args: readonly unknown[]) => {
        act(`transport.${name}`)
        return call(...args)
      }
    },
  })
  const sharedLock = localSharedLock(config.folder, systemClock, localLiveness())
  return haproxyEdge({ config, app: APP, environment: ENVIRONMENT, transport, sharedLock, clock: systemClock })
}

function ring(name: 'writeSync' | 'fsyncSync' | 'renameSync', act: (name: string) => void): void {
  const real = fs[name] as (...args: readonly unknown[]) => unknown
  const replaced = (...args: readonly unknown[]) => {
    act(name)
    return real(...args)
  }
  Object.assign(fs, { [name]: replaced })
}

const [, program, config] = process.argv
if (program?.endsWith('zombie.ts') === true && config !== undefined) await main(JSON.parse(config) as HaproxyConfig)
