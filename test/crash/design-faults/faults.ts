/** One change of a production file: `find` must be there, exactly once unless `everywhere`. */
export interface Patch {
  readonly file: string
  readonly find: string
  readonly replace: string
  readonly everywhere?: true
}

/** A design that is wrong on purpose. The simulator must see it: a test that no fault can fail proves nothing. */
export interface DesignFault {
  readonly name: string
  readonly patches: readonly Patch[]
}

const FLIP = 'src/steps/e-switch/flip-edge.ts'
const ATTEMPT = 'src/engine/attempt.ts'
const UNWIND = 'src/engine/unwind.ts'

export const DESIGN_FAULTS: readonly DesignFault[] = [
  {
    name: 'the flip is fenced by whatever generation the edge has at that moment',
    patches: [
      {
        file: FLIP,
        find: 'const { state, tries } = await edge.flip({ to: color, fencedBy: generation,',
        replace:
          'const { state, tries } = await edge.flip({ to: color, fencedBy: (await edge.read()).memory?.generation ?? generation,',
      },
    ],
  },
  {
    name: 'the runtime is not told of a new generation before its first order',
    patches: [{ file: 'src/operations/take-fence.ts', find: 'await runtime.fence(generation)', replace: '' }],
  },
  {
    name: 'recovery takes no fence of its own',
    patches: [
      {
        file: 'src/operations/recover.ts',
        find: ': await takeFence(environment, servicesUnderWay(open))',
        replace: ': ((await environment.edge.read()).file?.generation ?? 0)',
      },
    ],
  },
  {
    name: 'the state before the switch is read inside the switch',
    patches: [
      {
        file: FLIP,
        find: 'const { memory, file } = await edge.read()',
        replace: "if (color) return 'unknown'\n    const { memory, file } = await edge.read()",
      },
      {
        file: FLIP,
        find: 'const { state, tries } = await edge.flip({ to: color,',
        replace:
          'const before = await edge.read()\n    const live = before.memory?.live ?? "none"\n    const { state, tries } = await edge.flip({ to: color,',
      },
      {
        file: FLIP,
        find: 'output: { generation: state.generation, tries },',
        replace:
          'output: { generation: state.generation, tries, live, sha: live === "none" ? null : before.releases[live] },',
      },
      {
        file: FLIP,
        find: "beforeTheFlip(output('observe-edge'))\n    const { state }",
        replace: "beforeTheFlip(output('flip-edge'))\n    const { state }",
      },
    ],
  },
  {
    name: 'no health gate: every answer of an instance counts as good',
    patches: [
      {
        file: 'src/steps/d-check/check-instances.ts',
        find: 'if (answer.good) inARow += 1',
        replace: 'if (ask) inARow += 1',
      },
    ],
  },
  {
    name: 'no preview through the edge before the switch',
    patches: [
      {
        file: 'src/steps/d-check/preview-release.ts',
        find: 'await askRelease({ ...ask, preview: true }, context)',
        replace: '{ tookMs: 0 }',
      },
      { file: 'src/steps/f-verify/probe-public.ts', find: 'await askRelease(', replace: '{ tookMs: 0 } ?? (' },
      {
        file: 'src/steps/f-verify/bake-release.ts',
        find: 'await askRelease(',
        replace: 'void ((..._all: unknown[]) => 0)(',
      },
    ],
  },
  {
    name: 'no journal before the effect: a step is written down when it is over',
    patches: [
      {
        file: ATTEMPT,
        find: "if (!begunJustNow || attempt > 1) await write(run, [{ kind: 'step-started', step: planned.id, attempt }])",
        replace: '',
      },
      {
        file: ATTEMPT,
        find: "const facts: Fact[] = [{ kind: 'step-succeeded',",
        replace:
          "const facts: Fact[] = [{ kind: 'step-started', step: planned.id, attempt: 1 }, { kind: 'step-succeeded',",
      },
      { file: ATTEMPT, find: 'const chained = ', replace: 'const chained = false && ' },
      {
        file: ATTEMPT,
        find: "await write(run, [{ kind: 'step-failed',",
        replace: "await write(run, [{ kind: 'step-started', step: planned.id, attempt: 1 }, { kind: 'step-failed',",
      },
    ],
  },
  {
    name: 'an undo that was begun is taken for done',
    patches: [{ file: UNWIND, find: "    case 'undone':\n", replace: "    case 'undone':\n    case 'undoing':\n" }],
  },
  {
    name: 'a failed step is not undone',
    patches: [{ file: UNWIND, find: "return state.remains !== 'nothing'", replace: 'return false' }],
  },
  {
    name: 'a failure is believed to be clean',
    patches: [
      {
        file: ATTEMPT,
        find: "const remains = found === 'not-done' ? 'nothing' : found === 'unknown' ? 'unknown' : 'effect'",
        replace: "const remains = found === 'unknown' || found ? 'nothing' : 'nothing'",
      },
    ],
  },
  {
    name: 'going back in the order of going forward',
    patches: [{ file: UNWIND, find: 'run.plan.steps.toReversed()', replace: 'run.plan.steps' }],
  },
  {
    name: 'an undo that fails is skipped',
    patches: [
      {
        file: UNWIND,
        find: 'if (stuck !== null) return { stuck, seenMs: await seen(run) }',
        replace: 'if (stuck !== null) continue',
      },
    ],
  },
  {
    name: 'a lease is adopted without proof that its holder is dead',
    patches: [
      {
        file: 'src/engine/lease.ts',
        find: "if ((await liveness.check(held.holder)) === 'dead') return 'dead'",
        replace: "return 'dead'",
      },
    ],
  },
  {
    name: 'the journal takes entries of a lost lease',
    patches: [
      {
        file: 'src/store/memory/journal.ts',
        find: '      if (lease?.token !== token) throw leaseLost(token, lease)\n      return add(token, drafts)',
        replace: '      return add(token, drafts)',
      },
    ],
  },
  {
    name: 'the pivot is ignored: a rollback that fails goes back by itself',
    patches: [
      {
        file: 'src/engine/run.ts',
        find: 'const pivot = passedPivot(run.state)\n    if (pivot !== null) {\n      await onFailure',
        replace: 'const pivot = null\n    if (pivot !== null) {\n      await onFailure',
      },
    ],
  },
  {
    name: 'half a switch past its pivot is closed',
    patches: [
      {
        file: 'src/engine/run.ts',
        find: "if (!isAtOrAfter(failure.phase, 'verify'))",
        replace: 'if (failure === null)',
      },
    ],
  },
  {
    name: 'the launch goes to the live color, and nothing guards it',
    patches: [
      { file: 'src/domain/plan/guards.ts', find: 'otherColor(live.color)', replace: 'live.color' },
      {
        file: 'src/steps/guards.ts',
        find: 'const view = await edge.read()',
        replace: 'if (color) return\n  const view = await edge.read()',
      },
    ],
  },
  {
    name: 'the way back is not verified before the standby color is emptied',
    patches: [
      {
        file: 'src/steps/a-prepare/verify-way-back.ts',
        find: 'if ((await cache.find(sha, { verify: true })) !== null) continue',
        replace: 'if (cache !== null) continue',
      },
    ],
  },
  {
    name: 'a plan does not say which way back it consumes',
    patches: [
      {
        file: 'src/domain/plan/way-back.ts',
        find: 'return `the fast way back',
        replace: 'return null && `the fast way back',
      },
    ],
  },
  {
    name: 'a rollback goes to the newest other release instead of the last good one',
    patches: [
      {
        file: 'src/domain/history/good.ts',
        find: 'earlier.findLast((one) => one.sha !== live.sha && good.has(one.sha))',
        replace: 'record.served.findLast((one) => one.sha !== live.sha)',
      },
    ],
  },
  {
    name: 'the public probe is ignored',
    patches: [
      {
        file: 'src/steps/ask-release.ts',
        find: 'if (answer.good) return',
        replace: 'if (answer.good || !ask.preview) return',
      },
    ],
  },
  {
    name: 'a new operation begins over an unfinished one',
    patches: [
      {
        file: 'src/operations/run-plan.ts',
        find: '    refuseWhileOpen(record)\n',
        replace: '',
      },
    ],
  },
  {
    name: 'a freeze that came after the plan is not seen',
    patches: [
      {
        file: 'src/operations/run-plan.ts',
        find: "if (plan.kind === 'deploy') refuseWhileFrozen({ record })",
        replace: '',
      },
    ],
  },
  {
    name: 'what users saw is not reported',
    patches: [
      {
        file: 'src/engine/run.ts',
        find: "if (seenMs !== null) return finish(run, 'reverted'",
        replace: "if (seenMs === -1) return finish(run, 'reverted'",
      },
    ],
  },
  {
    name: 'a color that was being emptied is left as it is',
    patches: [
      {
        file: 'src/steps/c-launch/empty-color.ts',
        find: 'if (named !== null) {',
        replace: 'if (named !== null || ports) {\n      return []',
      },
    ],
  },
  {
    name: 'entries are not checked before they are written',
    patches: [
      {
        file: 'src/engine/operation-run.ts',
        find: 'facts.reduce<OperationState | null>(',
        replace: 'void (() => facts).length || [].reduce<OperationState | null>(',
      },
      {
        file: 'src/domain/history/operation.ts',
        find: "failed: ['step-started', 'step-succeeded',",
        replace: "failed: ['step-started',",
      },
    ],
  },
  {
    name: 'a good release that was launched again and failed is a fast way back',
    patches: [
      {
        file: 'src/domain/plan/way-back.ts',
        find: "return record.served.some((one) => one.operation === operation && one.sha === sha && one.fate === 'good')",
        replace: 'return operation !== null',
      },
    ],
  },
  {
    name: 'active-color is not taken back with the traffic',
    patches: [
      {
        file: 'src/steps/e-switch/record-active.ts',
        find: "const { live, sha } = beforeTheFlip(output('observe-edge'))\n",
        replace: "const { live, sha } = beforeTheFlip(output('observe-edge'))\n    if (live) return []\n",
      },
    ],
  },
]
