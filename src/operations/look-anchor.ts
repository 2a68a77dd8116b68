import type { Anchor } from '../ports/edge.ts'
import type { Environment } from './environment.ts'

/** The anchor at the edge; null when there is none. When the edge does not answer, nothing can be said, and that is an error. */
export async function look({ edge }: Environment): Promise<Anchor | null> {
  return (await edge.read()).anchor
}
