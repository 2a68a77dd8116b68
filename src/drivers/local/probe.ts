import type { HealthCheck } from '../../domain/release.ts'
import { type HttpAnswer, httpGet } from '../../lib/http-get.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Probe, ProbeAnswer } from '../../ports/probe.ts'

const SHA_ANYWHERE = /\b[0-9a-f]{40}\b/
/** The edge adds headers of this family: they prove nothing about who answered (I4). */
const EDGE_HEADERS = 'x-backflip-'

/** Asks over HTTP/1.1, one connection a question. */
export function httpProbe(clock: Clock): Probe {
  return {
    async ask({ url, health, expect, headers = {} }): Promise<ProbeAnswer> {
      const begun = clock.monotonicMs()
      const took = () => Math.round(clock.monotonicMs() - begun)
      let answer: HttpAnswer
      try {
        answer = await httpGet({ url: url.replace(/\/$/, '') + health.path, headers, timeoutMs: health.timeoutMs })
      } catch (error) {
        return {
          good: false,
          status: null,
          sha: null,
          problem: error instanceof Error ? error.message : String(error),
          tookMs: took(),
        }
      }
      const sha = namedRelease(answer, health.release)
      const problem = judge(answer.status, sha, expect)
      return { good: problem === null, status: answer.status, sha, problem, tookMs: took() }
    },
  }
}

function judge(status: number, sha: string | null, expect: string): string | null {
  if (status !== 200) return `status ${status}`
  if (sha === null) return 'the answer names no release'
  return sha === expect ? null : `the answer is from ${sha.slice(0, 12)}`
}

function namedRelease({ headers, body }: HttpAnswer, release: HealthCheck['release']): string | null {
  if (release === 'body') return SHA_ANYWHERE.exec(body)?.[0] ?? null
  if ('header' in release) {
    const name = release.header.toLowerCase()
    return name.startsWith(EDGE_HEADERS) ? null : (headers[name] ?? null)
  }
  return jsonField(body, release.json)
}

function jsonField(body: string, key: string): string | null {
  try {
    const value: unknown = JSON.parse(body)
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return null
    const field: unknown = (value as Record<string, unknown>)[key]
    return typeof field === 'string' ? field : null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}
