/**
 * A line of psql that sends somebody's statement to the server exactly as it is. psql reads scripts with a lexer of its own: in them
 * `\!` starts a shell and `:name` is replaced. What `\gexec` sends has not been through that lexer, and base64 has nothing that it would
 * read (psql(1), `\gexec`: "treats each column of each row of the query's output as an SQL statement to be executed").
 */
export function verbatim(statement: string): string {
  const encoded = Buffer.from(statement, 'utf8').toString('base64')
  return `SELECT convert_from(decode('${encoded}', 'base64'), 'UTF8') \\gexec`
}
