import { assertNeeded } from '../../domain/compatibility/gate.ts'
import type { BrokenRelease } from '../../domain/compatibility/judged.ts'
import { refusal } from '../../domain/errors.ts'
import type { Sha } from '../../domain/ids.ts'
import type { ReplayFile } from '../../migrations/compatibility/replay-files.ts'
import { replayer } from '../../migrations/compatibility/replay-files.ts'
import { type ProveInverse, verifyInverse } from '../../migrations/compatibility/verify-inverse.ts'
import { loadParser } from '../../migrations/sql/parser.ts'
import type { JudgedFully } from './judge-migrations.ts'
import { sqlFile } from './read-history.ts'

export interface OverrideProof {
  readonly migrations: readonly string[]
  readonly releases: readonly Sha[]
  readonly lost: readonly string[]
}

export interface ProveAsk {
  readonly full: JudgedFully
  /** Of a rollback: what the target does not survive. Null for a deploy, which asks for all that it breaks. */
  readonly target: Sha | null
  readonly rules: readonly string[]
  /** Null: there is none, and the person says so. */
  readonly inverse: { readonly file: string; readonly text: string } | null
  readonly server: { readonly major: number; readonly timeZone: string }
  /** Default: by the replayed catalog. */
  readonly prove?: ProveInverse
}

/** What an override lets pass. Errors `nothing-to-override` and `inverse-not-verified` (kind `refused`). */
export async function proveOverride(ask: ProveAsk): Promise<OverrideProof> {
  const { full, target, rules, inverse } = ask
  const broken = brokenIn(full, target)
  assertNeeded(broken, rules)
  const passed = new Set(
    broken.flatMap(({ causes }) => causes.filter(({ rule }) => rules.includes(rule)).map((one) => one.migration)),
  )
  const migrations = [...passed]
  const releases = broken.filter(({ causes }) => causes.some(({ rule }) => rules.includes(rule))).map(({ sha }) => sha)
  if (inverse === null) return { migrations, releases, lost: [] }
  const own = full.judgements.find(({ verdict }) => verdict.sha === target)
  const base = own?.base ?? full.applied
  const since = own?.since ?? full.pending
  const takenBack = new Set<ReplayFile>(since.filter(({ name }) => passed.has(name)).map(({ file }) => file))
  const prove = ask.prove ?? (await staticProof(ask.server))
  const proof = await prove({
    base: base.map(({ file }) => file),
    since: since.map(({ file }) => file),
    takenBack,
    inverse: sqlFile(inverse.file, inverse.text),
  })
  if (proof.isVerified && takenBack.size === passed.size) return { migrations, releases, lost: proof.lost }
  throw refusal(`${inverse.file} does not give back what ${migrations.join(', ')} takes away`, {
    code: 'inverse-not-verified',
    details: [
      '- would be missing afterwards, + would be too much:',
      ...proof.problems,
      ...(takenBack.size === passed.size
        ? []
        : ['some of these migrations are applied already: their inverse cannot be proved here']),
    ],
    hint: 'mend it; where there is no inverse: the same command with --no-inverse-possible in place of --inverse',
  })
}

function brokenIn({ judged, judgements }: JudgedFully, target: Sha | null): readonly BrokenRelease[] {
  if (target === null) return judged.broken
  return judgements.filter(({ verdict }) => verdict.sha === target).map(({ causes }) => ({ sha: target, causes }))
}

async function staticProof(server: ProveAsk['server']): Promise<ProveInverse> {
  const replay = replayer(await loadParser(), server)
  return async (ask) => verifyInverse(replay, ask)
}
