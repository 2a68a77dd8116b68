import type { Statement } from './split-statements.ts'

const HEAD_WORDS = 12

/**
 * Why a statement cannot stand in a transaction that we open, or null. From PostgreSQL's PreventInTransactionBlock (each caller in
 * src/backend/commands, 15): the command's page says "cannot be executed inside a transaction block".
 */
export function whyNotInTransaction(statement: Statement): string | null {
  // Further on there are names of columns and the like.
  const words = statement.words.slice(0, HEAD_WORDS)
  const [first = '', second = ''] = words
  const has = (word: string) => words.includes(word)
  switch (first) {
    case 'VACUUM':
      return 'VACUUM'
    case 'CLUSTER':
      // Without a table: all of them, one transaction each.
      return words.length === 1 || (words.length === 2 && second === 'VERBOSE') ? 'CLUSTER of all tables' : null
    case 'CREATE':
    case 'DROP':
      if (has('INDEX') && has('CONCURRENTLY')) return `${first} INDEX CONCURRENTLY`
      if (['DATABASE', 'TABLESPACE', 'SUBSCRIPTION'].includes(second)) return `${first} ${second}`
      return null
    case 'REINDEX':
      return has('CONCURRENTLY') || has('DATABASE') || has('SYSTEM') || has('SCHEMA') ? 'REINDEX of that kind' : null
    case 'ALTER':
      if (second === 'SYSTEM' || second === 'SUBSCRIPTION') return `ALTER ${second}`
      if (second === 'DATABASE' && has('TABLESPACE')) return 'ALTER DATABASE SET TABLESPACE'
      return has('DETACH') && (has('CONCURRENTLY') || has('FINALIZE')) ? 'DETACH PARTITION CONCURRENTLY' : null
    case 'CALL':
      return 'CALL: a procedure may commit'
    default:
      return isControl(first, second) ? `${first}: the file has transactions of its own` : null
  }
}

function isControl(first: string, second: string): boolean {
  if (['BEGIN', 'COMMIT', 'END', 'ROLLBACK', 'ABORT'].includes(first)) return true
  return (first === 'START' || first === 'PREPARE') && second === 'TRANSACTION'
}

/** Why a statement cannot be sent at all, or null. */
export function whyNotAtAll({ text, words }: Statement): string | null {
  if (words[0] === 'COPY' && (words.includes('STDIN') || words.includes('STDOUT'))) {
    return 'COPY from or to the client: its rows are no SQL. Write them as INSERT'
  }
  if (text.startsWith('\\')) return `${text.split(/\s/, 1)[0]} is a command of psql, and psql does not read this file`
  return null
}
