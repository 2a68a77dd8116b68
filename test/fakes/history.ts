import { type Color, otherColor } from '../../src/domain/color.ts'
import { fold } from '../../src/domain/history/fold.ts'
import { type EnvironmentRecord, emptyRecord } from '../../src/domain/history/record.ts'
import {
  type OperationId,
  parseAppName,
  parseComponentName,
  parseEnvironmentName,
  parseOperationId,
  parseSha,
  type Sha,
} from '../../src/domain/ids.ts'
import type { Effect, Fact, Outcome } from '../../src/domain/journal.ts'
import { type OperationKind, PLAN_VERSION, type Plan } from '../../src/domain/plan/plan.ts'
import type { Manifest } from '../../src/domain/release.ts'

/** `r(1)` to `r(15)`: releases that are easy to tell apart in a failure's text. */
export function r(n: number): Sha {
  return parseSha(n.toString(16).repeat(40).slice(0, 40))
}

export const APP = parseAppName('hello')
export const ENVIRONMENT = parseEnvironmentName('local')

export function operationId(n: number): OperationId {
  return parseOperationId(`00000000-0000-7000-8000-${n.toString().padStart(12, '0')}`)
}

export function manifest(sha: Sha, components: readonly string[] = ['backend', 'web']): Manifest {
  return {
    version: 1,
    app: APP,
    sha,
    components: components.map((name) => ({
      name: parseComponentName(name),
      command: ['node', 'server.js'],
      instances: 1,
      routes: [{ pathPrefix: name === 'web' ? '/' : `/${name}` }],
      health: { path: name === 'web' ? '/healthz' : `/${name}/health`, timeoutMs: 1000, release: { json: 'sha' } },
      environment: { NAME: name },
      stopTimeoutMs: 1000,
      artifact: {
        file: `hello-${name}-${sha}.tar.zst`,
        sizeBytes: 1000,
        sha256: '0'.repeat(64),
        tarSha256: '1'.repeat(64),
      },
    })),
    migrate: null,
    migrations: [],
    builtBy: 'test',
    builtAt: '2026-01-01T00:00:00.000Z',
  }
}

/** Tells a history and folds it: `new History().deploy(1).deploy(2).rollback(1).record`. One operation a minute. */
export class History {
  record: EnvironmentRecord = emptyRecord()
  #operations = 0

  deploy(release: number, outcome: Outcome = 'done'): this {
    return this.#serve('deploy', r(release), outcome)
  }

  rollback(release: number, outcome: Outcome = 'done'): this {
    return this.#serve('rollback', r(release), outcome)
  }

  /** Launched and flipped to, and not finished. */
  begin(kind: 'deploy' | 'rollback', release: number): this {
    return this.#serve(kind, r(release), null)
  }

  cleanup(): this {
    const color = this.#standby()
    return this.#operation('cleanup', null, 'done', [[{ effect: 'color-emptied', color }]])
  }

  fact(fact: Fact): this {
    this.#add(fact, null)
    return this
  }

  #standby(): Color {
    return this.record.live === null ? 'blue' : otherColor(this.record.live.color)
  }

  #serve(kind: OperationKind, sha: Sha, outcome: Outcome | null): this {
    const color = this.#standby()
    const held = kind === 'rollback' && this.record.colors[color].sha === sha
    const launch: Effect[] = held
      ? []
      : [
          { effect: 'color-emptied', color },
          { effect: 'color-started', color, sha, manifestSha256: 'a'.repeat(64), environment: {}, fingerprints: {} },
        ]
    const moved: Effect[] =
      outcome === 'failed' ? [] : [{ effect: 'live', color, sha, generation: this.#operations + 1 }]
    return this.#operation(kind, { color, sha }, outcome, [launch, moved])
  }

  #operation(
    kind: OperationKind,
    target: Plan['target'],
    outcome: Outcome | null,
    effects: readonly (readonly Effect[])[],
  ): this {
    this.#operations += 1
    const operation = operationId(this.#operations)
    const before = this.record.live
    const add = (fact: Fact) => this.#add(fact, operation)
    const from = before === null ? null : { color: before.color, sha: before.sha }
    const steps = ['launch', 'flip'].map((id) => ({
      id,
      phase: id === 'flip' ? ('switch' as const) : ('launch' as const),
      title: id,
      params: null,
    }))
    const assumes = {
      live: from,
      standby: { color: this.#standby(), sha: null },
      edgeGeneration: 0,
      lastOperation: null,
    }
    add({
      kind: 'operation-started',
      plan: {
        version: PLAN_VERSION,
        operation,
        kind,
        mode: null,
        app: APP,
        environment: ENVIRONMENT,
        target,
        from,
        consumes: null,
        because: [],
        reason: null,
        assumes,
        steps,
        hash: '',
      },
    })
    for (const [index, list] of effects.entries()) {
      const step = steps[index]?.id ?? 'flip'
      add({ kind: 'step-started', step, attempt: 1 })
      add({ kind: 'step-succeeded', step, output: null, effects: list, tookMs: 1, found: false })
    }
    if (outcome === null) return this
    if (outcome === 'reverted' || outcome === 'failed') {
      add({
        kind: 'unwinding',
        phase: outcome === 'failed' ? 'check' : 'verify',
        because: { code: 'test', kind: 'failed', message: 'bad' },
        aborted: false,
      })
    }
    if (outcome === 'reverted') {
      add({ kind: 'undo-started', step: 'flip' })
      const effect: Effect = { effect: 'live', color: from?.color ?? null, sha: from?.sha ?? null, generation: 1 }
      add({ kind: 'undo-finished', step: 'flip', effects: [effect], kept: null, tookMs: 1 })
    }
    add({ kind: 'operation-finished', outcome, error: null, seenMs: outcome === 'reverted' ? 1000 : null, tookMs: 1 })
    return this
  }

  #add(fact: Fact, operation: OperationId | null): void {
    const seq = this.record.seq + 1
    const at = new Date(Date.UTC(2026, 0, 1) + seq * 60_000).toISOString()
    this.record = fold(this.record, {
      seq,
      at,
      token: 1,
      operation,
      actor: 'test',
      fact,
      previous: '',
      hash: `h${seq}`,
    })
  }
}
