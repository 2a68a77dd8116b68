import type { Applied } from '../replay/changes.ts'
import { RULES } from '../rules/index.ts'
import { judgeDeploy, ruleTable } from '../rules/judge.ts'
import { bodiesOf, shapeOf } from './catalog-shape.ts'
import type { Replayed, Replayer, ReplayFile } from './replay-files.ts'

export interface InverseAsk {
  /** The schema before. */
  readonly base: readonly ReplayFile[]
  /** What is applied on it, in order. */
  readonly since: readonly ReplayFile[]
  /** Those of `since` that the inverse takes back. */
  readonly takenBack: ReadonlySet<ReplayFile>
  readonly inverse: ReplayFile
}

export interface InverseProof {
  readonly isVerified: boolean
  /** Why not: lines that only one of the two schemas has (`-` is missing after the inverse, `+` is too much), or what cannot be compared. */
  readonly problems: readonly string[]
  /** What no SQL brings back. */
  readonly lost: readonly string[]
}

/** Proves that an inverse gives the old shape back. The static one is below; one that runs both on a real server says more. */
export type ProveInverse = (ask: InverseAsk) => Promise<InverseProof>

const RULES_OF_I = ruleTable(RULES.filter(({ axes }) => axes.includes('I')))
const MAX_PROBLEMS = 10

/** By the replayed catalog: with the migrations and their inverse the schema has the shape that it has without them. Data is not looked at. */
export function verifyInverse(replayer: Replayer, ask: InverseAsk): InverseProof {
  const { base, since, takenBack, inverse } = ask
  const there = replayer.begin(base)
  const forward = replayer.apply(there.replay, since)
  const undone = forward.filter(({ file }) => takenBack.has(file)).flatMap(({ applied }) => applied)
  const lost = judgeDeploy(there.replay.catalog, replayer.server, undone, RULES_OF_I)
    .filter(({ axis, severity }) => axis === 'I' && severity !== 'note')
    .map(({ message }) => message)
  const back = replayer.apply(there.replay, [inverse])
  const never = replayer.begin(base)
  const others = replayer.apply(
    never.replay,
    since.filter((file) => !takenBack.has(file)),
  )
  const problems = [
    ...back.flatMap(({ parsed }) =>
      parsed.problems.map(({ message }) => `PostgreSQL's grammar does not take it: ${message}`),
    ),
    ...new Set([...undone, ...back.flatMap(({ applied }) => applied)].flatMap(unseen)),
    ...differences(shapeAfter(never, others), shapeAfter(there, [...forward, ...back])),
  ]
  return { isVerified: problems.length === 0, problems: problems.slice(0, MAX_PROBLEMS), lost: [...new Set(lost)] }
}

type Begun = ReturnType<Replayer['begin']>

function shapeAfter({ replay, applied }: Begun, files: readonly Replayed[]): readonly string[] {
  return shapeOf(replay.catalog, bodiesOf([...applied, ...files.flatMap((one) => one.applied)]))
}

/** Static means that a text which is put together when it runs proves nothing. */
function unseen({ changes }: Applied): readonly string[] {
  return changes.flatMap((one) =>
    one.kind === 'unknown-sql'
      ? [`cannot be compared from its text: ${one.what.replaceAll(/\s+/g, ' ').slice(0, 80)}`]
      : [],
  )
}

function differences(wanted: readonly string[], got: readonly string[]): readonly string[] {
  const [has, wants] = [new Set(got), new Set(wanted)]
  return [
    ...wanted.filter((line) => !has.has(line)).map((line) => `- ${line}`),
    ...got.filter((line) => !wants.has(line)).map((line) => `+ ${line}`),
  ]
}
