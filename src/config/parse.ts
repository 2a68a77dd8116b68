import { type Document, LineCounter, parseDocument } from 'yaml'
import type { z } from 'zod'
import { BackflipError, usageError } from '../domain/errors.ts'
import { suggest } from '../lib/suggest.ts'
import { fileSchema } from './schema.ts'
import { toConfig } from './to-config.ts'
import type { Config } from './types.ts'

const MAX_PROBLEMS = 10

/** The text of `backflip.yaml` as a configuration. Every error names file, line and column, and what to write instead. */
export function parseConfig(text: string, file: string): Config {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, maxAliasCount: 20 } as Parameters<
    typeof parseDocument
  >[1])
  const [error] = document.errors
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0])
    throw usageError(`${file} is not YAML: ${error.message.split('\n')[0] ?? ''}`, {
      code: 'bad-config',
      place: { file, line, column: col },
    })
  }
  const found = fileSchema.safeParse(withoutFreeKeys(document.toJS({ maxAliasCount: 20 })))
  if (!found.success) throw explain(found.error.issues, document, lines, file)
  try {
    return toConfig(found.data, file)
  } catch (problem) {
    if (problem instanceof BackflipError && problem.place?.file === undefined)
      throw atFlag(problem, document, lines, file)
    throw problem
  }
}

/** Keys that begin with `x-` are the operator's own, at the top. */
function withoutFreeKeys(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).filter(([key]) => !key.startsWith('x-')))
}

type Issue = z.core.$ZodIssue
type Keys = readonly PropertyKey[]

function explain(issues: readonly Issue[], document: Document, lines: LineCounter, file: string): BackflipError {
  // A key that is not known comes first: with it explained, the one that is missing beside it mostly is too.
  const known = (issue: Issue) => (issue.code === 'unrecognized_keys' ? 0 : 1)
  const sorted = issues.map(inMeantWay).toSorted((a, b) => known(a) - known(b))
  const problems = sorted.slice(0, MAX_PROBLEMS).map((issue) => describe(issue, document, lines))
  const [first] = problems
  const text = ({ line, column, message }: Problem) => `${file}:${line}:${column} ${message}`
  return usageError(first === undefined ? `${file} is not a configuration` : text(first), {
    code: 'bad-config',
    place: { file, ...(first === undefined ? {} : { line: first.line, column: first.column }) },
    details: problems.slice(1).map(text),
    hint: 'backflip init, in an empty folder, writes one to compare with',
  })
}

/** Of several ways to write a value, the one whose keys were used: what is wrong in it says more than that none fits. */
function inMeantWay(issue: Issue): Issue {
  if (issue.code !== 'invalid_union') return issue
  const meant = issue.errors.find((ways) =>
    ways.every(({ code, path }) => code !== 'unrecognized_keys' && path.length > 0),
  )
  const [first] = meant ?? []
  return first === undefined ? issue : { ...first, path: [...issue.path, ...first.path] }
}

interface Problem {
  readonly line: number
  readonly column: number
  readonly message: string
}

function describe(issue: Issue, document: Document, lines: LineCounter): Problem {
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys
    const near = suggest(key, knownKeys(issue.path))
    const at = place([...issue.path, key], document, lines)
    return {
      ...at,
      message: `${join([...issue.path, key])} is not known${near === null ? '' : `: did you mean ${near}?`}`,
    }
  }
  return {
    ...place(issue.path, document, lines),
    message: `${join(issue.path) || 'the file'}${inWords(issue, document)}`,
  }
}

/** Where zod's own words are about its types, ours are about the file. */
function inWords(issue: Issue, document: Document): string {
  if (issue.code === 'invalid_type' && document.getIn(issue.path) === undefined) return ' is missing'
  if (issue.code === 'invalid_key') return `: ${issue.issues[0]?.message ?? issue.message}`
  return `: ${issue.message}`
}

function join(path: Keys): string {
  return path.map(String).join('.')
}

/** The keys that the schema has at a path, for suggestions. */
function knownKeys(path: Keys): readonly string[] {
  let schema: unknown = fileSchema
  for (const key of path) schema = step(unwrap(schema), key)
  const shape = (unwrap(schema) as { readonly shape?: object } | undefined)?.shape
  return shape === undefined ? [] : Object.keys(shape)
}

function step(schema: unknown, key: PropertyKey): unknown {
  const { shape, valueType, element } = (schema ?? {}) as {
    shape?: { [key: PropertyKey]: unknown }
    valueType?: unknown
    element?: unknown
  }
  return shape?.[key] ?? valueType ?? element
}

function unwrap(schema: unknown): unknown {
  const { def } = (schema ?? {}) as { def?: { innerType?: unknown } }
  return def?.innerType === undefined ? schema : unwrap(def.innerType)
}

/** Where a path stands in the text; the nearest part of it that is there. */
function place(path: Keys, document: Document, lines: LineCounter): { readonly line: number; readonly column: number } {
  for (let length = path.length; length > 0; length -= 1) {
    const at = keyOffset(document, path.slice(0, length))
    if (at === null) continue
    const { line, col } = lines.linePos(at)
    return { line, column: col }
  }
  return { line: 1, column: 1 }
}

function keyOffset(document: Document, path: Keys): number | null {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true)
  const items = (parent as { readonly items?: readonly unknown[] } | null | undefined)?.items
  const last = path.at(-1)
  if (items === undefined) return null
  for (const [index, item] of items.entries()) {
    const { key, range } = item as { key?: { value?: unknown; range?: readonly number[] }; range?: readonly number[] }
    if (key !== undefined && String(key.value) === String(last)) return key.range?.[0] ?? null
    if (key === undefined && index === last) return range?.[0] ?? null
  }
  return null
}

/** A rule that spans keys names its place by the path in `flag`. */
function atFlag(problem: BackflipError, document: Document, lines: LineCounter, file: string): BackflipError {
  const { line, column } = place((problem.place?.flag ?? '').split('.'), document, lines)
  return new BackflipError(`${file}:${line}:${column} ${problem.message}`, {
    code: problem.code,
    kind: problem.kind,
    hint: problem.hint,
    details: problem.details,
    place: { file, line, column },
  })
}
