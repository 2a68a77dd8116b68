import { applyDirectives } from '../lint/apply-directives.ts'
import { readDirectives } from '../lint/directives.ts'
import type { Applied } from '../replay/changes.ts'
import { RULES } from '../rules/index.ts'
import { type Finding, judgeDeploy, ruleTable } from '../rules/judge.ts'
import { bodiesOf } from './catalog-shape.ts'
import type { Replayed, Replayer, ReplayFile } from './replay-files.ts'
import { howItMeets, type ReadUsage, readUsage, type Usage } from './usage.ts'

/** A statement that the release does not survive. */
export interface FoundBreak {
  readonly rule: string
  readonly file: ReplayFile
  /** From 1. */
  readonly line: number
  readonly statement: string
  readonly message: string
  readonly sqlstate: string | null
  /** What the statement does. */
  readonly applied: Applied
}

export interface ReleaseJudgement {
  readonly breaks: readonly FoundBreak[]
  /** What the rules find, and the release's own queries do not meet. */
  readonly cleared: readonly FoundBreak[]
  /** Of its known queries, in their order, what each uses; null for one that cannot be read. */
  readonly queries: readonly (readonly string[] | null)[]
  /** Files after the release whose SQL nobody can read whole. */
  readonly unreadable: readonly string[]
}

export interface ReleaseAsk {
  /** What the release carries, in its order: the schema that it was written for. */
  readonly base: readonly ReplayFile[]
  /** What was applied, or will be, and the release does not carry. */
  readonly since: readonly ReplayFile[]
  /** Null: nobody collected it. */
  readonly usage: Usage | null
  /** `2026-11-25`. */
  readonly today: string
}

const RULES_OF_N = ruleTable(RULES.filter(({ axes }) => axes.includes('N')))
const MAX_STATEMENT_CHARS = 200

/**
 * Whether a release survives everything that was applied since it, as if that were one deploy. A contract passes for a release that carries the
 * migration it names, and whose known usage does not contradict. With its queries known, what none of them meets breaks nothing.
 */
export function judgeRelease(replayer: Replayer, ask: ReleaseAsk): ReleaseJudgement {
  const { replay, applied: before } = replayer.begin(ask.base)
  // Read now: what comes next changes the schema that the queries were written for.
  const usage = ask.usage === null ? null : readUsage(replay, ask.usage, bodiesOf(before))
  const since = replayer.apply(replay, ask.since)
  const applied = since.flatMap((one) => one.applied)
  const findings = judgeDeploy(replay.catalog, replayer.server, applied, RULES_OF_N)
  const breaking = findings.filter(({ axis, severity }) => axis === 'N' && severity === 'block')
  const found = since.flatMap((one) => breaksIn(one, breaking, ask, usage))
  return {
    breaks: found.filter(({ isCleared }) => !isCleared).map(({ found: one }) => one),
    cleared: found.filter(({ isCleared }) => isCleared).map(({ found: one }) => one),
    queries: usage?.queries ?? [],
    unreadable: since.filter(({ parsed }) => parsed.problems.length > 0).map(({ file }) => file.name),
  }
}

function breaksIn(
  replayed: Replayed,
  all: readonly Finding[],
  ask: ReleaseAsk,
  usage: ReadUsage | null,
): readonly { readonly found: FoundBreak; readonly isCleared: boolean }[] {
  const { parsed } = replayed
  const ofFile = new Set<Applied>(replayed.applied)
  const own = all.filter(({ applied }) => ofFile.has(applied))
  const directives = readDirectives(parsed.source, parsed.statements)
  const facts = { today: ask.today, earlier: new Set(ask.base.map(({ name }) => name)) }
  const met = new Map(own.map((one) => [one, usage === null ? null : howItMeets(usage, one.applied)]))
  const isNamed = (one: Finding) => met.get(one)?.isNamed === true
  const named = applyDirectives(
    own.filter(isNamed),
    directives.filter(({ kind }) => kind === 'allow'),
    facts,
  )
  const others = applyDirectives(
    own.filter((one) => !isNamed(one)),
    directives,
    facts,
  )
  return [...named.findings, ...others.findings]
    .filter(({ severity }) => severity === 'block')
    .map((finding) => {
      const how = met.get(finding)
      return { found: foundBreak(replayed, finding, how?.says ?? ''), isCleared: how?.isCleared === true }
    })
}

function foundBreak(
  { file, parsed }: Replayed,
  { rule, message, sqlstate, applied }: Finding,
  usage: string,
): FoundBreak {
  const { statement } = applied
  return {
    rule,
    file,
    line: parsed.positions.lineAt(statement.start).line,
    statement: oneLine(parsed.source.slice(statement.start, statement.end)),
    message: usage === '' ? message : `${message} (${usage})`,
    sqlstate,
    applied,
  }
}

function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim()
  return line.length > MAX_STATEMENT_CHARS ? `${line.slice(0, MAX_STATEMENT_CHARS - 1)}…` : line
}
