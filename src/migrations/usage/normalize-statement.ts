import { as, type Node, walk } from '../sql/node.ts'
import type { SqlParser } from '../sql/parser.ts'
import { queryTree } from './query-tree.ts'

/** Longer ones are generated lists of values. */
export const MAX_STATEMENT_BYTES = 64 * 1024

/**
 * The statement with `$n` in place of its constants, as pg_stat_statements does it: values are people's data, and a list of a thousand differs
 * from one of three in nothing that a schema changes. NULL, true and false stay, and so do places where PostgreSQL takes no parameter: precisions,
 * `ORDER BY 1`, `interval '1 day'`. Null for what is no single query.
 */
export function normalizeStatement(parser: SqlParser, text: string): string | null {
  if (Buffer.byteLength(text) > MAX_STATEMENT_BYTES) return null
  const tree = queryTree(parser, text)
  if (tree === null) return null
  const bytes = Buffer.from(text)
  const tokens = parser.tokens(text)
  const starts = new Map(tokens.map((token, index) => [token.start, index]))
  const { constants, parameters } = constantsIn(tree)
  let next = Math.max(0, ...parameters)
  const parts: string[] = []
  let at = 0
  for (const place of constants) {
    const index = starts.get(place)
    const token = index === undefined ? undefined : tokens[index]
    if (token === undefined || place < at) continue
    // A negative number's place is its sign.
    const isSign = token.end - token.start === 1 && /[-+]/.test(String.fromCharCode(bytes[place] ?? 0))
    const end = isSign && index !== undefined ? (tokens[index + 1]?.end ?? token.end) : token.end
    next += 1
    parts.push(bytes.toString('utf8', at, place), `$${next}`)
    at = end
  }
  parts.push(bytes.toString('utf8', at))
  const normalized = parts.join('').trim().replace(/;$/, '').trimEnd()
  return queryTree(parser, normalized) === null ? null : normalized
}

/** Byte offsets of what may become a parameter, in order, and the numbers that are taken. */
function constantsIn(tree: Node): { readonly constants: readonly number[]; readonly parameters: readonly number[] } {
  const constants = new Set<number>()
  const kept = new Set<number>()
  const parameters: number[] = []
  const keep = (node: unknown) =>
    walk(node, (tag, { location = 0 }) => {
      if (tag === 'A_Const') kept.add(Number(location))
      return undefined
    })
  walk(tree, (tag, fields) => {
    const { location = 0 } = fields
    if (tag === 'A_Const' && fields.isnull !== true && fields.boolval === undefined) constants.add(Number(location))
    else if (tag === 'ParamRef') parameters.push(Number(fields.number ?? 0))
    else if (tag === 'SelectStmt') for (const one of list(fields.groupClause)) keepWhenConstant(one)
    else if (tag === 'SortBy') keepWhenConstant(fields.node as Node)
    else if (tag === 'TypeCast') {
      const { typmods, location: type = 0 } = (fields.typeName ?? {}) as { typmods?: unknown; location?: number }
      keep(typmods)
      // The type in front, as in date '2026-01-01': only a literal may follow.
      const literal = as(fields.arg as Node, 'A_Const')
      if (literal !== undefined && type < Number(literal.location ?? 0)) kept.add(Number(literal.location ?? 0))
    }
    return undefined
  })
  return { constants: [...constants].filter((place) => !kept.has(place)).sort((a, b) => a - b), parameters }

  function keepWhenConstant(node: Node): void {
    const literal = as(node, 'A_Const')
    if (literal !== undefined) kept.add(Number(literal.location ?? 0))
  }
}

function list(value: unknown): readonly Node[] {
  return Array.isArray(value) ? value : []
}
