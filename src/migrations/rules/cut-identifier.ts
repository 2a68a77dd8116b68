import { scanPieces } from '../sql/scan-pieces.ts'
import { defineRule } from './define-rule.ts'

const MAX_BYTES = 63
/** A run that may be such a name. UTF-8 needs three bytes for a UTF-16 unit at most. */
const LONG = /(?<![\w$])[\w$]{64}|"[^"\n]{64}/
const LONG_BEYOND_ASCII = /"[^"\n]{16}|[\w$\u0080-\uffff]{16}/
const WORD = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/g

export const cutIdentifier = defineRule({
  id: 'cut-identifier',
  axes: ['L'],
  group: 'core',
  summary: 'A name of more than 63 bytes is cut, without an error.',
  why: 'Two long names may become one, and what the code calls it is not what the database calls it. Bytes count, not characters.',
  safeWay: 'A shorter name.',
  examples: { bad: `CREATE TABLE ${'a'.repeat(64)} (a int)`, good: `CREATE TABLE ${'a'.repeat(63)} (a int)` },
  atEnd({ applied, report }) {
    let looked = ''
    let isWorth = false
    for (const one of applied) {
      // The grammar cuts before it prints its tree, so only the text knows.
      const { sql, start, end, origin } = one.statement
      if (origin !== 'file') continue
      if (sql !== looked) {
        looked = sql
        isWorth = (Buffer.byteLength(sql) === sql.length ? LONG : LONG_BEYOND_ASCII).test(sql)
      }
      if (!isWorth) continue
      const name = longName(sql.slice(start, end))
      if (name !== null) report(one, { severity: 'warn', message: `the name is cut after 63 bytes: ${name}` })
    }
  },
})

function longName(text: string): string | null {
  for (const { kind, start, end } of scanPieces(text)) {
    const part = text.slice(start, end)
    const names =
      kind === 'identifier' ? [part.slice(1, -1).replaceAll('""', '"')] : kind === 'code' ? part.match(WORD) : null
    const long = names?.find((name) => Buffer.byteLength(name) > MAX_BYTES)
    if (long !== undefined) return long
  }
  return null
}
