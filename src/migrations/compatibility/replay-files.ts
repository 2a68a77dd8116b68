import type { LintFile } from '../lint/lint.ts'
import { newReplay } from '../lint/lint.ts'
import type { Applied } from '../replay/changes.ts'
import type { Replay, ServerFacts } from '../replay/replay.ts'
import { runFile } from '../replay/run-file.ts'
import { type ParsedFile, parseFile } from '../sql/parse-file.ts'
import type { SqlParser } from '../sql/parser.ts'

/** A migration with its text, as its runner sends it. */
export type ReplayFile = Pick<LintFile, 'name' | 'path' | 'text' | 'visible' | 'transaction'>

export interface Replayed {
  readonly file: ReplayFile
  readonly parsed: ParsedFile
  readonly applied: readonly Applied[]
}

/** Replays files into schemas, as often as there are releases to judge; each text is parsed once. */
export interface Replayer {
  readonly server: ServerFacts
  readonly parse: (file: ReplayFile) => ParsedFile
  /** A fresh schema with the base applied, and marked there: what comes after is one deploy. */
  readonly begin: (base: readonly ReplayFile[]) => { readonly replay: Replay; readonly applied: readonly Applied[] }
  readonly apply: (replay: Replay, files: readonly ReplayFile[]) => readonly Replayed[]
}

export function replayer(parser: SqlParser, server: ServerFacts): Replayer {
  const parsedFiles = new Map<ReplayFile, ParsedFile>()
  const parse = (file: ReplayFile): ParsedFile => {
    const known = parsedFiles.get(file)
    if (known !== undefined) return known
    const parsed = parseFile(parser, file.text, file.visible)
    parsedFiles.set(file, parsed)
    return parsed
  }
  let files = 0
  const run = (replay: Replay, file: ReplayFile): Replayed => {
    files += 1
    const parsed = parse(file)
    return { file, parsed, applied: runFile(replay, parsed, files, file.transaction) }
  }
  return {
    server,
    parse,
    begin(base) {
      // With a history that was read whole, what no file made is not there.
      const isWhole = base.length > 0 && base.every((file) => parse(file).problems.length === 0)
      const replay = newReplay(parser, { server, world: isWhole ? 'closed' : 'open' })
      const applied = base.flatMap((file) => run(replay, file).applied)
      replay.catalog.mark()
      return { replay, applied }
    },
    apply: (replay, applied) => applied.map((file) => run(replay, file)),
  }
}
