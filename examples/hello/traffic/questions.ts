import { randomBytes } from 'node:crypto'
import type { Who } from './record.ts'

export interface Answer {
  readonly status: number
  readonly contentLength: string | undefined
  readonly body: string
}

export interface Verdict {
  readonly who: Who | null
  /** Null when all is as it must be. */
  readonly wrong: string | null
}

/** Something that can be asked of the example, and how its answer is checked: never by a header that the edge adds. */
export interface Question {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body: string | null
  readonly check: (answer: Answer) => Verdict
}

/** What the short connections ask in turn. Every text is another one, so that no answer fits two questions. */
export function shortQuestion(turn: number): Question {
  switch (turn % 4) {
    case 0:
      return echo('/api/echo')
    case 1:
      return order()
    case 2:
      return { method: 'GET', path: '/', body: null, check: checkPage }
    default:
      return { method: 'GET', path: '/healthz', body: null, check: (answer) => checkJson(answer, {}) }
  }
}

/** Three seconds. */
export function slowQuestion(): Question {
  return echo('/api/slow')
}

function echo(path: string): Question {
  const text = randomBytes(12).toString('hex')
  return {
    method: 'GET',
    path: `${path}?text=${text}`,
    body: null,
    check: (answer) => checkJson(answer, { echo: text }),
  }
}

function order(): Question {
  const item = randomBytes(12).toString('hex')
  return {
    method: 'POST',
    path: '/api/orders',
    body: JSON.stringify({ item }),
    check: (answer) => checkJson(answer, { echo: item }),
  }
}

/** The body must say who answered, even when it says that something went wrong. */
export function checkJson(answer: Answer, expected: { readonly [key: string]: string }): Verdict {
  const said = parse(answer.body)
  const who = said === null ? null : whoOf(said)
  if (answer.status !== 200) return { who, wrong: `status ${answer.status}` }
  if (said === null || who === null) return { who, wrong: 'the body does not say who answered' }
  if (!isWhole(answer)) return { who, wrong: 'the body is not as long as it says' }
  const different = Object.entries(expected).find(([key, value]) => said[key] !== value)
  return { who, wrong: different === undefined ? null : `the body has another ${different[0]}` }
}

function checkPage(answer: Answer): Verdict {
  const [, sha, color] = /<html lang="en" data-sha="([0-9a-f]{40})" data-color="([a-z]+)">/.exec(answer.body) ?? []
  const who = sha === undefined || color === undefined ? null : { sha, color }
  if (answer.status !== 200) return { who, wrong: `status ${answer.status}` }
  if (who === null) return { who, wrong: 'the page does not say who answered' }
  return { who, wrong: isWhole(answer) && answer.body.endsWith('</html>\n') ? null : 'the page is cut' }
}

function isWhole({ contentLength, body }: Answer): boolean {
  return contentLength !== undefined && Number(contentLength) === Buffer.byteLength(body)
}

export function parse(text: string): { readonly [key: string]: unknown } | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as { [key: string]: unknown }) : null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

export function whoOf({ sha, color }: { readonly [key: string]: unknown }): Who | null {
  return typeof sha === 'string' && typeof color === 'string' ? { sha, color } : null
}
