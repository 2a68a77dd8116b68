/** Lines of a stream of bytes, without their ends. COPY's text format has exactly one row a line: newlines in values are written `\n`. */
export async function* splitLines(chunks: AsyncIterable<Uint8Array>): AsyncIterable<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let rest = ''
  for await (const chunk of chunks) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = parts.pop() ?? ''
    yield* parts
  }
  rest += decoder.decode()
  if (rest !== '') yield rest
}

const ESCAPES: { readonly [letter: string]: string } = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }

/** Values of one row in COPY's text format: tab between them, `\N` for NULL, backslash before what would be read otherwise. */
export function parseCopyLine(line: string): readonly (string | null)[] {
  return line.split('\t').map((value) => {
    if (value === '\\N') return null
    return value.includes('\\') ? value.replace(/\\(.)/g, (_, letter: string) => ESCAPES[letter] ?? letter) : value
  })
}
