import { applyDirectives } from '../lint/apply-directives.ts'
import { readDirectives } from '../lint/directives.ts'
import type { Applied } from '../replay/changes.ts'
import { RULES } from '../rules/index.ts'
import { type Finding, judgeDeploy, ruleTable } from '../rules/judge.ts'
import type { Replayed, Replayer, ReplayFile } from './replay-files.ts'
import { type Usage, usesWhatChanges } from './usage.ts'

/** A statement that the release does not survive. */
export interface FoundBreak {
  readonly rule: string
  readonly file: ReplayFile
  /** From 1. */
  readonly line: number
  readonly statement: string
  readonly message: string
  readonly sqlstate: string | null
}

export interface ReleaseJudgement {
  readonly breaks: readonly FoundBreak[]
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
 * migration it names, and whose known usage does not contradict.
 */
export function judgeRelease(replayer: Replayer, ask: ReleaseAsk): ReleaseJudgement {
  const { replay } = replayer.begin(ask.base)
  const since = replayer.apply(replay, ask.since)
  const applied = since.flatMap((one) => one.applied)
  const findings = judgeDeploy(replay.catalog, replayer.server, applied, RULES_OF_N)
  const breaking = findings.filter(({ axis, severity }) => axis === 'N' && severity === 'block')
  return {
    breaks: since.flatMap((one) => breaksIn(one, breaking, ask)),
    unreadable: since.filter(({ parsed }) => parsed.problems.length > 0).map(({ file }) => file.name),
  }
}

function breaksIn(replayed: Replayed, all: readonly Finding[], ask: ReleaseAsk): readonly FoundBreak[] {
  const { file, parsed } = replayed
  const ofFile = new Set<Applied>(replayed.applied)
  const own = all.filter(({ applied }) => ofFile.has(applied))
  const directives = readDirectives(parsed.source, parsed.statements)
  const facts = { today: ask.today, earlier: new Set(ask.base.map(({ name }) => name)) }
  const isUsed = ({ applied }: Finding) => ask.usage !== null && usesWhatChanges(ask.usage, applied)
  const used = applyDirectives(
    own.filter(isUsed),
    directives.filter(({ kind }) => kind === 'allow'),
    facts,
  )
  const others = applyDirectives(
    own.filter((one) => !isUsed(one)),
    directives,
    facts,
  )
  return [...used.findings, ...others.findings]
    .filter(({ severity }) => severity === 'block')
    .map(({ rule, message, sqlstate, applied: { statement } }) => ({
      rule,
      file,
      line: parsed.positions.lineAt(statement.start).line,
      statement: oneLine(parsed.source.slice(statement.start, statement.end)),
      message,
      sqlstate,
    }))
}

function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim()
  return line.length > MAX_STATEMENT_CHARS ? `${line.slice(0, MAX_STATEMENT_CHARS - 1)}…` : line
}
