/** Where a statement begins in a log line, whatever stands in front: log_statement, and auto-prepared ones of the extended protocol. */
const BEGINS =
  /(?:LOG|STATEMENT): {2}(?:(?:duration: [\d.]+ ms {2})?(?:statement|execute [^:]+|parse [^:]+|bind [^:]+): )(.*)$/
/** Any line that the server begins: everything else goes on with the statement before it. */
const LINE = /(?:LOG|ERROR|DETAIL|HINT|STATEMENT|CONTEXT|QUERY|WARNING|NOTICE|INFO|FATAL|PANIC|LOCATION): {2}/

export const MAX_LOGGED_BYTES = 64 * 1024

/**
 * Statements from PostgreSQL's log in its text form (`log_statement = all`, or `log_min_duration_statement = 0`): lines that go on begin with a tab.
 * Parameters stand in DETAIL lines, which are data, and are not read.
 */
export function* readLog(lines: Iterable<string>): Generator<string> {
  let statement: string | null = null
  for (const line of lines) {
    const begun = BEGINS.exec(line)?.[1]
    const goesOn = begun === undefined && !LINE.test(line)
    if (goesOn) {
      if (statement !== null && statement.length < MAX_LOGGED_BYTES) statement += `\n${line.replace(/^\t/, '')}`
      continue
    }
    if (statement !== null) yield statement
    statement = begun ?? null
  }
  if (statement !== null) yield statement
}
