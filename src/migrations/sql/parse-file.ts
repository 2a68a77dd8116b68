import { expandColons, expandTemplates } from './expand-templates.ts'
import { type Node, type Tag, tagOf } from './node.ts'
import { MAX_FILE_BYTES, type ParseError, type SqlParser } from './parser.ts'
import { type Positions, positionsOf } from './positions.ts'
import { scanPieces, splitStatements } from './scan-pieces.ts'

export interface ParsedStatement {
  readonly node: Node
  readonly tag: Tag
  /** UTF-16 offsets in the file: the first token, and behind the last one. */
  readonly start: number
  readonly end: number
}

export interface ParsedFile {
  readonly source: string
  /** What was parsed: the source with placeholders filled and what does not run as blanks, of the same length. */
  readonly sql: string
  readonly positions: Positions
  readonly statements: readonly ParsedStatement[]
  /** What could not be read. Everything else of the file is in `statements` all the same. */
  readonly problems: readonly { readonly message: string; readonly at: number }[]
}

/** Reads the statements of a file. `visible` is the file with what the runner does not run (a Down section, say) as blanks: same length. */
export function parseFile(parser: SqlParser, source: string, visible: string): ParsedFile {
  const positions = positionsOf(source)
  if (source.length > MAX_FILE_BYTES) {
    return {
      source,
      sql: '',
      positions,
      statements: [],
      problems: [{ message: `the file is larger than ${MAX_FILE_BYTES} bytes`, at: 0 }],
    }
  }
  const { sql, problems } = makeReadable(expandTemplates(visible))
  const whole = parser.parse(sql)
  if (!isParseError(whole)) {
    return {
      source,
      sql,
      positions,
      statements: place(whole, sql === source ? positions : positionsOf(sql), sql, 0),
      problems,
    }
  }
  const forPsql = expandColons(withoutMetaCommands(sql))
  if (forPsql !== sql) {
    const again = parser.parse(forPsql)
    if (!isParseError(again)) {
      return { source, sql: forPsql, positions, statements: place(again, positionsOf(forPsql), forPsql, 0), problems }
    }
  }
  const apart = parseApart(parser, forPsql)
  return { source, sql: forPsql, positions, statements: apart.statements, problems: [...problems, ...apart.problems] }
}

/** What the grammar must not be given: a NUL, where C ends a text, and comments that never end, over which it takes quadratic time. */
function makeReadable(sql: string): { readonly sql: string; readonly problems: ParsedFile['problems'] } {
  const problems: { message: string; at: number }[] = []
  // A byte order mark is the editor's, not SQL.
  let readable = sql.startsWith('\ufeff') ? ` ${sql.slice(1)}` : sql
  const nul = readable.indexOf('\0')
  if (nul >= 0) {
    problems.push({ message: 'a NUL byte', at: nul })
    readable = readable.replaceAll('\0', ' ')
  }
  if (readable.split('/*').length > readable.split('*/').length) {
    const last = [...scanPieces(readable)].at(-1)
    if (last?.kind === 'comment' && readable.startsWith('/*', last.start) && !readable.endsWith('*/')) {
      problems.push({ message: 'unterminated /* comment', at: last.start })
      readable = readable.slice(0, last.start)
    }
  }
  return { sql: readable, problems }
}

function isParseError(result: ReturnType<SqlParser['parse']>): result is ParseError {
  return 'message' in result
}

/** Statement by statement, so that one that is wrong hides no other. */
function parseApart(parser: SqlParser, sql: string): Pick<ParsedFile, 'statements' | 'problems'> {
  const statements: ParsedStatement[] = []
  const problems: { message: string; at: number }[] = []
  for (const { start, end } of splitStatements(sql)) {
    const part = sql.slice(start, end)
    const result = parser.parse(part)
    const positions = positionsOf(part)
    if (isParseError(result)) {
      problems.push({
        message: result.message,
        at: start + (result.at === null ? 0 : positions.fromCodePoint(result.at)),
      })
    } else statements.push(...place(result, positions, part, start))
  }
  return { statements, problems }
}

function place(
  raw: Exclude<ReturnType<SqlParser['parse']>, ParseError>,
  positions: Positions,
  sql: string,
  shift: number,
): readonly ParsedStatement[] {
  return raw.map(({ stmt, stmt_location: from = 0, stmt_len: length }) => {
    const start = skipTrivia(sql, positions.fromByte(from))
    const end = length === undefined ? sql.trimEnd().length : positions.fromByte(from + length)
    return { node: stmt, tag: tagOf(stmt), start: shift + start, end: shift + end }
  })
}

/** PostgreSQL 18 points at the first token; a text without a location begins at 0, with its comments. */
function skipTrivia(sql: string, from: number): number {
  if (from > 0 && !/[\s\-/]/.test(sql[from] ?? '')) return from
  for (const { kind, start, end } of scanPieces(sql.slice(from))) {
    if (kind === 'comment') continue
    const blanks = kind === 'code' ? (/^\s*/.exec(sql.slice(from + start, from + end))?.[0].length ?? 0) : 0
    if (start + blanks < end) return from + start + blanks
  }
  return from
}

/** `\set`, `\connect` and the rows that follow a COPY … FROM STDIN are psql's own. */
function withoutMetaCommands(sql: string): string {
  return sql
    .replaceAll(/^\\(?!\.).*$/gm, (line) => ' '.repeat(line.length))
    .replaceAll(
      /(^\s*COPY\b[^;]*\bFROM\s+STDIN\b[^;]*;)([\s\S]*?^\\\.$)/gim,
      (_all, copy: string, rows: string) => copy + rows.replaceAll(/[^\n]/g, ' '),
    )
}
