import type { TrafficSummary } from '../traffic.ts'
import type { OperationTold } from './operations.ts'
import { ACTS, type Act, FIRST_ACT, RELEASES } from './story.ts'

export interface Check {
  readonly what: string
  readonly isTrue: boolean
  readonly found: string
}

export interface Played {
  /** Exit code of each act, in order, the first one included. */
  readonly exitCodes: readonly number[]
  readonly operations: readonly OperationTold[]
  readonly traffic: TrafficSummary
  readonly isHistoryWhole: boolean
  /** What had to be ended by force. */
  readonly leftovers: readonly string[]
}

const MIN_REQUESTS = 5_000
const ALL_ACTS: readonly Act[] = [FIRST_ACT, ...ACTS]
/** Who is live, one flip after the other; r4 for as long as it takes to notice. */
const FLIPS_TO = ['r1', 'r2', 'r4', 'r2', 'r5', 'r2', 'r1'] as const

/** What must be true of a demo that is worth its name. Pure. */
export function judge({ exitCodes, operations, traffic, isHistoryWhole, leftovers }: Played): readonly Check[] {
  const { r3, r4 } = RELEASES
  const flips = operations.flatMap((operation) => operation.flips)
  const spoiledBy = Object.keys(traffic.spoiled)
  return [
    ...ALL_ACTS.map(({ title, exitCode, outcome }, at) => ({
      what: `${title.split(':')[0]} ends with exit code ${exitCode}, ${outcome}`,
      isTrue: exitCodes[at] === exitCode && operations[at]?.outcome === outcome,
      found: `${exitCodes[at]}, ${operations[at]?.outcome}`,
    })),
    check('r3 stops in phase D', operations[2]?.failedIn ?? 'nowhere', (phase) => phase === 'check'),
    check('r4 is reverted in phase F', operations[3]?.failedIn ?? 'nowhere', (phase) => phase === 'verify'),
    check(
      `traffic goes to ${FLIPS_TO.join(', ')}`,
      flips.map(({ to }) => to.sha.slice(0, 4)).join(', '),
      (found) => found === FLIPS_TO.map((name) => RELEASES[name].sha.slice(0, 4)).join(', '),
    ),
    check(`more than ${MIN_REQUESTS} answers are checked`, traffic.sent, (sent) => sent > MIN_REQUESTS),
    check('no request fails by Backflip', traffic.failed, (failed) => failed === 0),
    check('no request is answered by the wrong color', traffic.wrongColor, (wrong) => wrong === 0),
    check('nobody ever sees r3', traffic.bySha[r3.sha] ?? 0, (answers) => answers === 0),
    check('r4 spoils answers, and nobody else does', spoiledBy.length, () => spoiledBy.join() === r4.sha),
    ...(['r1', 'r2', 'r5'] as const).map((name) =>
      check(`${name} answers`, traffic.bySha[RELEASES[name].sha] ?? 0, (answers) => answers > 0),
    ),
    check('every flip was seen by clients', traffic.flips.length, () =>
      traffic.flips.slice(1).every(({ firstNewMs }) => firstNewMs !== null),
    ),
    check('the history is whole', isHistoryWhole, (isWhole) => isWhole),
    check('nothing is left running', leftovers.join('; ') || 'nothing', () => leftovers.length === 0),
  ]
}

function check<T>(what: string, found: T, isTrue: (found: T) => boolean): Check {
  return { what, isTrue: isTrue(found), found: String(found) }
}
