/** `knex.raw('…')`, `pgm.sql(`…`)`, TypeORM's `queryRunner.query('…')`, MikroORM's `this.addSql('…')`: a call whose first argument is a literal. */
const CALL = /\.(?:raw|sql|query|addSql)\(\s*(`(?:[^`\\]|\\.)*`|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")/g
const DOWN = /\b(?:exports\.down\b|(?:async\s+)?function\s+down\b|const\s+down\b|async\s+down\s*\()/

/**
 * The SQL in a migration that is a program, on the way up: everything else as blanks, each literal as a statement, in its place. What the program
 * puts together itself is not among it.
 */
export function sqlInProgram(text: string): string {
  const down = DOWN.exec(text)?.index ?? text.length
  let sql = ''
  for (const call of text.slice(0, down).matchAll(CALL)) {
    const literal = call[1] ?? ''
    const start = call.index + call[0].length - literal.length
    sql += blank(text.slice(sql.length, start))
    // The quotes' places are free: one blank before, and the end of the statement behind.
    sql += ` ${unescaped(literal)};`
  }
  return sql + blank(text.slice(sql.length))
}

/** What the program sees of a literal, at the same length: a quote that is escaped keeps its blank on the outside of what it quotes. */
function unescaped(literal: string): string {
  let isOpen = false
  return literal.slice(1, -1).replaceAll(/\\(.)/g, (all, character: string) => {
    if (character === 'n' || character === 't' || character === 'r') return '  '
    if (character !== literal[0]) return all
    isOpen = !isOpen
    return isOpen ? ` ${character}` : `${character} `
  })
}

function blank(text: string): string {
  return text.replaceAll(/[^\n]/g, ' ')
}
