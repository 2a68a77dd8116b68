import type { RecordedStatement } from '../../domain/compatibility/usage.ts'
import type { SqlParser } from '../sql/parser.ts'
import { MAX_STATEMENT_BYTES, normalizeStatement } from './normalize-statement.ts'
import { readQuery } from './query-tree.ts'

export const MAX_QUERIES = 5_000
const MAX_SAMPLES = 3

export interface Heard {
  readonly text: string
  /** Default: once. Null: nobody counted. */
  readonly calls?: number | null
  readonly parameterTypes?: readonly number[]
  readonly values?: readonly (string | null)[] | null
}

export interface QueryCollector {
  readonly add: (heard: Heard) => void
  /** Each query once, as it was heard first, those asked most often first. */
  readonly queries: () => readonly RecordedStatement[]
  /** What was heard and is not in there: statements about no rows, and what may ask anything (CALL, DO, too long, beyond 5,000). */
  readonly left: () => { readonly others: number; readonly unkept: number }
}

/**
 * Gathers what was heard. The same query with other constants is the same. `keepConstants`: of a test suite, whose constants are nobody's data and
 * make a query that can be run as it is.
 */
export function collectQueries(parser: SqlParser, keepConstants: boolean): QueryCollector {
  const found = new Map<string, { -readonly [K in keyof RecordedStatement]: RecordedStatement[K] }>()
  const keys = new Map<string, { readonly key: string } | 'other' | 'unread'>()
  let others = 0
  let unkept = 0
  const addOne = ({ text, calls = 1, parameterTypes = [], values = null }: Heard) => {
    const read = keyOf(text)
    if (read === 'other') others += 1
    if (read === 'unread') unkept += 1
    if (typeof read === 'string') return
    const { key } = read
    const known = found.get(key)
    const isFull = known === undefined && found.size >= MAX_QUERIES
    const stored = isFull ? null : (known?.text ?? (keepConstants ? trimmed(text) : normalizeStatement(parser, text)))
    if (stored === null) {
      unkept += 1
      return
    }
    // A call follows the text that was prepared for it: the same question, not another one.
    const one = known ?? { text: stored, calls: calls === null ? null : 0, parameterTypes, samples: [] }
    if (values === null && one.calls !== null) one.calls += calls ?? 0
    if (values !== null && known?.text === trimmed(text) && one.samples.length < MAX_SAMPLES && isNew(one, values))
      one.samples = [...one.samples, values]
    found.set(key, one)
  }
  return {
    add(heard) {
      const parts = apart(parser, heard.text)
      if (parts.length === 1) addOne(heard)
      else for (const text of parts) addOne({ ...heard, text, parameterTypes: [], values: null })
    },
    queries: () => [...found.values()].toSorted((a, b) => (b.calls ?? 0) - (a.calls ?? 0)),
    left: () => ({ others, unkept }),
  }

  /** Two queries whose constants differ only are one. Asked for each text once. */
  function keyOf(text: string): { readonly key: string } | 'other' | 'unread' {
    if (Buffer.byteLength(text) > MAX_STATEMENT_BYTES) return 'unread'
    const known = keys.get(text)
    if (known !== undefined) return known
    const read = readQuery(parser, text)
    const key = read === 'other' || read === 'unread' ? null : parser.fingerprint(text)
    const answer = key === null ? (read === 'other' ? 'other' : 'unread') : { key }
    if (keys.size < 4 * MAX_QUERIES) keys.set(text, answer)
    return answer
  }
}

function isNew({ samples }: Pick<RecordedStatement, 'samples'>, values: readonly (string | null)[]): boolean {
  return !samples.some((one) => JSON.stringify(one) === JSON.stringify(values))
}

function trimmed(text: string): string {
  return text.trim().replace(/;$/, '').trimEnd()
}

/** A client may send several statements at once. */
function apart(parser: SqlParser, text: string): readonly string[] {
  if (!text.includes(';')) return [text]
  const parsed = parser.parse(text)
  if ('message' in parsed || parsed.length < 2) return [text]
  const bytes = Buffer.from(text)
  return parsed.map(({ stmt_location: from = 0, stmt_len: length }) =>
    bytes.toString('utf8', from, length === undefined ? bytes.length : from + length),
  )
}
