import type { Replayer } from '../../../migrations/compatibility/replay-files.ts'
import { verifyInverse } from '../../../migrations/compatibility/verify-inverse.ts'
import type { ShadowCopy, SqlFailure, Tried, TriedAsk } from '../../../ports/shadow.ts'
import type { CheckSubject } from './check-subject.ts'
import { compareTries, toBroken } from './compare-tries.ts'
import type { BrokenQuery, CheckedInverse } from './report.ts'
import { toShadowFile } from './shadow-file.ts'

export type InverseResult = CheckedInverse

export interface InverseWork {
  readonly copy: ShadowCopy
  readonly subject: CheckSubject
  readonly replay: Replayer
  /** Before each pending file. */
  readonly shapes: readonly (readonly string[])[]
  readonly tries: readonly TriedAsk[]
  /** The queries on the schema before the first. */
  readonly before: readonly Tried[]
}

const MAX_DIFFERENCES = 20

/**
 * Takes the migrations back one by one, latest first, and compares with the schema that was there before each: what one leaves behind is not held
 * against the next. Ends at the first that has no inverse, or whose inverse fails: what is before it cannot be reached.
 */
export async function checkInverses(work: InverseWork): Promise<readonly InverseResult[]> {
  const { copy, subject, replay, shapes } = work
  const checked: CheckedInverse[] = []
  const known = new Set<string>()
  for (const [index, { file, inverse }] of [...subject.pending.entries()].reverse()) {
    const facts = { path: inverse?.path ?? file.path, failure: null, differences: [], lost: [], broken: [] }
    if (inverse === null) {
      checked.push({ ...facts, verdict: 'none' })
      break
    }
    const parsed = replay.parse(inverse)
    const failure = unreadable(parsed.problems[0]) ?? (await copy.apply(toShadowFile(inverse, parsed))).failure
    if (failure !== null) {
      checked.push({ ...facts, verdict: 'fails', failure })
      break
    }
    const differences = difference(shapes[index] ?? [], await copy.shape()).filter((line) => !known.has(line))
    for (const line of differences) known.add(line)
    const broken = index === 0 ? await stillBroken(work) : []
    checked.push({
      ...facts,
      verdict: differences.length === 0 && broken.length === 0 ? 'restores' : 'differs',
      differences: differences.slice(0, MAX_DIFFERENCES),
      lost: lostBy(work, index),
      broken,
    })
  }
  return checked
}

function unreadable(problem: { readonly message: string } | undefined): SqlFailure | null {
  return problem === undefined ? null : { sqlstate: '42601', message: problem.message, line: null }
}

function difference(wanted: readonly string[], got: readonly string[]): readonly string[] {
  const [has, wants] = [new Set(got), new Set(wanted)]
  return [
    ...wanted.filter((line) => !has.has(line)).map((line) => `- ${line}`),
    ...got.filter((line) => !wants.has(line)).map((line) => `+ ${line}`),
  ]
}

/** By the rules: a copy of made-up rows cannot say what the real ones would lose. */
function lostBy({ subject, replay }: InverseWork, index: number): readonly string[] {
  const { history, pending } = subject
  const one = pending[index]
  if (one?.inverse == null) return []
  const since = pending.slice(0, index + 1).map(({ file }) => file)
  return verifyInverse(replay, { base: history, since, takenBack: new Set([one.file]), inverse: one.inverse }).lost
}

/** What worked before the migrations has to work again when all of them are taken back. */
async function stillBroken({ copy, tries, before }: InverseWork): Promise<readonly BrokenQuery[]> {
  const after = await copy.tryAll(tries)
  return tries.flatMap(({ text }, index) => {
    const [first, last] = [before[index], after[index]]
    if (first === undefined || last === undefined) return []
    const outcome = compareTries(first, last)
    return outcome.kind === 'broken' ? [toBroken(text, outcome.failure, outcome.isGenerated)] : []
  })
}
