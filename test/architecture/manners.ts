import { onlyCode, withoutComments } from './blank.ts'
import type { SourceFile } from './imports.ts'

interface Rule {
  readonly says: string
  readonly applies: (path: string) => boolean
  readonly finds: RegExp
  /** What the expression looks at: `code` has no literals and no comments, `source` no comments, `all` is the file. */
  readonly in: 'code' | 'source' | 'all'
}

const everywhere = () => true
const inDomain = (path: string) => path.startsWith('src/domain/') && !path.endsWith('.test.ts')

const RULES: readonly Rule[] = [
  { says: 'an empty catch hides an error', applies: everywhere, finds: /\bcatch\s*(\([^)]*\)\s*)?\{\s*\}/, in: 'code' },
  {
    says: 'a shell is never used: argv arrays only',
    applies: everywhere,
    finds: /\bshell\s*:|(?<![.\w])exec(Sync)?\s*\(/,
    in: 'code',
  },
  {
    says: 'the domain has no clock, no chance and no process',
    applies: inDomain,
    finds: /(?<![.\w])(Date|Math\.random|process|performance|setTimeout|setInterval|globalThis|fetch)\b(?!\s*[:?])/,
    in: 'code',
  },
  {
    says: 'a path of one machine works on no other',
    applies: everywhere,
    finds: /['"`(\s]\/(home|Users|root|work)\/|['"`]\/tmp\//,
    in: 'all',
  },
  {
    says: 'what is unfinished is not kept in a comment',
    applies: everywhere,
    finds: new RegExp(`\\b(${['TO', 'DO'].join('')}|${['FIX', 'ME'].join('')})\\b`),
    in: 'all',
  },
  {
    says: 'a test that is skipped or alone proves nothing',
    applies: (path) => path.endsWith('.test.ts'),
    finds: /\b(it|test|describe)\.(only|skip|todo)\b/,
    in: 'code',
  },
]

/** Every place where a file breaks one of the manners, as `path:line: why`. */
export function badManners(files: readonly SourceFile[]): readonly string[] {
  return files.flatMap(({ path, text }) => {
    const views = { code: onlyCode(text), source: withoutComments(text), all: text }
    return RULES.filter(({ applies }) => applies(path)).flatMap((rule) => {
      const at = views[rule.in].search(rule.finds)
      return at < 0 ? [] : [`${path}:${text.slice(0, at).split('\n').length}: ${rule.says}`]
    })
  })
}

const MAX_LINES = 450
const MAX_MEDIAN_LINES = 90

/** Budgets of the house for source files, tests left out. */
export function overBudget(files: readonly SourceFile[]): readonly string[] {
  const sizes = files.map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
  const tooLong = sizes.filter(({ lines }) => lines > MAX_LINES).map(({ path, lines }) => `${path} has ${lines} lines`)
  const sorted = sizes.map(({ lines }) => lines).sort((a, b) => a - b)
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0
  return median > MAX_MEDIAN_LINES ? [...tooLong, `the median file has ${median} lines`] : tooLong
}
