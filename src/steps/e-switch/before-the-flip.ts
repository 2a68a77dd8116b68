import { type Color, isColor } from '../../domain/color.ts'
import type { Sha } from '../../domain/ids.ts'
import type { Json } from '../../domain/json.ts'

export interface BeforeTheFlip {
  readonly live: Color | 'none' | 'maintenance'
  readonly sha: Sha | null
}

/** The output of `observe-edge`, read back from the journal. */
export function beforeTheFlip(output: Json): BeforeTheFlip {
  const { live, sha } = output as { readonly live: string; readonly sha: string | null }
  if (!isColor(live) && live !== 'none' && live !== 'maintenance')
    throw new Error(`observe-edge left ${JSON.stringify(output)}`)
  return { live, sha: sha as Sha | null }
}
