/** What a `/` may follow when it begins a regular expression and not a division. */
const BEFORE_REGEX = /(^|[([{,;:=!&|?+\-*%<>~^]|\b(return|typeof|case|in|of|await|yield))\s*$/

/** The end of what begins at `start`, after `close`; a backslash hides the next character. */
function endOf(text: string, start: number, close: RegExp): number {
  for (let at = start; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1
    else if (close.test(text[at] ?? '')) return at + 1
  }
  return text.length
}

function endOfRegex(text: string, start: number): number {
  let inClass = false
  for (let at = start; at < text.length && text[at] !== '\n'; at += 1) {
    if (text[at] === '\\') at += 1
    else if (text[at] === '[') inClass = true
    else if (text[at] === ']') inClass = false
    else if (text[at] === '/' && !inClass) return at + 1
  }
  return start
}

interface Piece {
  readonly kind: 'code' | 'comment' | 'string'
  readonly text: string
}

/** Cuts source into code, comments and literals. The code inside a template's `${}` counts as its text: rules look at the rest. */
function* pieces(source: string): Generator<Piece> {
  let from = 0
  let at = 0
  // The code so far, a literal as one quote: it says whether a `/` divides.
  let before = ''
  while (at < source.length) {
    const literal = literalAt(source, at, before)
    if (literal === null) {
      before = (before + source[at]).slice(-20)
      at += 1
      continue
    }
    if (at > from) yield { kind: 'code', text: source.slice(from, at) }
    yield { kind: literal.kind, text: source.slice(at, literal.end) }
    if (literal.kind === 'string') before = `${before}"`.slice(-20)
    at = literal.end
    from = at
  }
  if (from < source.length) yield { kind: 'code', text: source.slice(from) }
}

function literalAt(
  source: string,
  at: number,
  before: string,
): { readonly kind: 'comment' | 'string'; readonly end: number } | null {
  const two = source.slice(at, at + 2)
  if (two === '//') {
    const end = source.indexOf('\n', at)
    return { kind: 'comment', end: end < 0 ? source.length : end }
  }
  if (two === '/*') {
    const end = source.indexOf('*/', at + 2)
    return { kind: 'comment', end: end < 0 ? source.length : end + 2 }
  }
  const one = two[0]
  if (one === "'" || one === '"') return { kind: 'string', end: endOf(source, at + 1, one === "'" ? /['\n]/ : /["\n]/) }
  if (one === '`') return { kind: 'string', end: endOf(source, at + 1, /`/) }
  if (one === '/' && BEFORE_REGEX.test(before)) {
    const end = endOfRegex(source, at + 1)
    return end === at + 1 ? null : { kind: 'string', end }
  }
  return null
}

const blank = (text: string) => text.replace(/[^\n]/g, ' ')

/** The source with comments as spaces: line numbers stay. */
export function withoutComments(source: string): string {
  return [...pieces(source)].map(({ kind, text }) => (kind === 'comment' ? blank(text) : text)).join('')
}

/** The source with comments and literals as spaces. */
export function onlyCode(source: string): string {
  return [...pieces(source)].map(({ kind, text }) => (kind === 'code' ? text : blank(text))).join('')
}
