import type { FlipSeen } from '../traffic/summary.ts'
import type { OperationTold } from './operations.ts'
import { nameOf, RELEASES } from './story.ts'
import type { Check, Played } from './verdict.ts'

const PHASES = ['prepare', 'migrate', 'launch', 'check', 'switch', 'verify'] as const
const LETTERS = ['A', 'B', 'C', 'D', 'E', 'F'] as const

/** The end of the demo, for a person. Pure. */
export function renderTable(played: Played, checks: readonly Check[]): readonly string[] {
  const { operations, traffic } = played
  const header = ['operation', 'outcome', ...LETTERS, 'total']
  const rows = operations.map((operation) => [
    title(operation),
    operation.outcome ?? 'unfinished',
    ...PHASES.map((phase) => milliseconds(operation.phasesMs[phase])),
    milliseconds(operation.tookMs),
  ])
  const reverted = operations.find(({ outcome }) => outcome === 'reverted')
  return [
    ...columns([header, ...rows]),
    '',
    ...columns([
      ['flip as clients saw it', 'first new answer', 'last request to the old one'],
      ...flipRows(operations, traffic.flips),
    ]),
    '',
    ...columns([
      ['requests sent', String(traffic.sent)],
      ['failed by Backflip', String(traffic.failed)],
      ['answered by the wrong color', String(traffic.wrongColor)],
      [
        'spoiled by r4 itself, until its revert',
        `${traffic.spoiled[RELEASES.r4.sha] ?? 0} in ${milliseconds(reverted?.seenMs ?? undefined)}`,
      ],
    ]),
    ...traffic.examples.map((example) => `    ${example}`),
    '',
    ...checks.filter(({ isTrue }) => !isTrue).map(({ what, found }) => `✗ ${what}: found ${found}`),
    checks.every(({ isTrue }) => isTrue)
      ? `✓ all ${checks.length} things that must be true are true`
      : `✗ ${checks.filter(({ isTrue }) => !isTrue).length} of ${checks.length} things that must be true are not`,
  ]
}

function title({ plan }: OperationTold): string {
  return [plan.mode, plan.kind, plan.target === null ? null : nameOf(plan.target.sha)]
    .filter((part) => part !== null)
    .join(' ')
}

/** The first flip has no clients yet. */
function flipRows(operations: readonly OperationTold[], seen: readonly FlipSeen[]): readonly (readonly string[])[] {
  const flips = operations.flatMap((operation) => operation.flips.map((flip) => ({ flip, operation })))
  return flips.slice(1).map(({ flip, operation }, at) => {
    const clients = seen[at + 1]
    const isRevert = operation.plan.target !== null && operation.plan.target.sha !== flip.to.sha
    return [
      `${title(operation)}${isRevert ? `, back to ${nameOf(flip.to.sha)}` : ''}`,
      clients?.firstNewMs == null ? 'none' : `${clients.firstNewMs} ms after it began`,
      clients?.lastOldSentMs == null ? 'none' : relative(clients.lastOldSentMs),
    ]
  })
}

function relative(ms: number): string {
  return ms <= 0 ? `sent ${-ms} ms before it was done` : `sent ${ms} ms after it was done`
}

function milliseconds(ms: number | undefined): string {
  if (ms === undefined) return '–'
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`
}

function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_cell, at) => Math.max(...rows.map((row) => (row[at] ?? '').length)))
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('   ')
      .trimEnd(),
  )
}
