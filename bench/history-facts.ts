import type { OperationId } from '../src/domain/ids.ts'
import { parseAppName, parseEnvironmentName, parseSha } from '../src/domain/ids.ts'
import type { Fact } from '../src/domain/journal.ts'
import { PLAN_VERSION, type Plan } from '../src/domain/plan/plan.ts'
import { uuid7 } from '../src/lib/uuid7.ts'

/** One step an operation, so that a hundred entries hold as many operations as the first page of `history` shows. */
const STEPS = ['flip-edge']
/** Per operation: started, two entries a step, finished. */
const PER_OPERATION = STEPS.length * 2 + 2

/** The facts of one deploy after another, alternating colors, `count` of them. */
export function* historyFacts(count: number): Generator<{ readonly operation: OperationId; readonly fact: Fact }> {
  for (let written = 0, round = 0; written < count; round += 1) {
    const operation = uuid7() as OperationId
    for (const fact of operationFacts(operation, round)) {
      if (written >= count || count - written < PER_OPERATION - 1) return
      yield { operation, fact }
    }
    written += PER_OPERATION
  }
}

function* operationFacts(operation: OperationId, round: number): Generator<Fact> {
  const color = round % 2 === 0 ? 'blue' : 'green'
  const sha = parseSha((round % 1_000).toString(16).padStart(40, '0'))
  const steps = STEPS.map((id) => ({ id, phase: 'launch' as const, title: id, params: null }))
  const plan: Plan = {
    version: PLAN_VERSION,
    operation,
    kind: 'deploy',
    mode: null,
    app: parseAppName('bench'),
    environment: parseEnvironmentName('local'),
    target: { color, sha },
    from: null,
    consumes: null,
    because: [],
    reason: null,
    assumes: { live: null, standby: { color, sha: null }, edgeGeneration: 0, lastOperation: null },
    steps,
    hash: '0'.repeat(64),
  }
  yield { kind: 'operation-started', plan }
  for (const [index, { id }] of steps.entries()) {
    yield { kind: 'step-started', step: id, attempt: 1 }
    const effects =
      index === steps.length - 1 ? [{ effect: 'live' as const, color, sha, generation: round } as const] : []
    yield { kind: 'step-succeeded', step: id, output: null, effects, tookMs: 1, found: false }
  }
  yield { kind: 'operation-finished', outcome: 'done', error: null, seenMs: null, tookMs: 20 }
}
