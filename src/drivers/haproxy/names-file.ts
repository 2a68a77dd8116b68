import type { Color } from '../../domain/color.ts'
import { parseSha, type Sha } from '../../domain/ids.ts'

/** The second map: which release each color holds, and the token that opens the preview. */
export interface Names {
  readonly blue: Sha | null
  readonly green: Sha | null
  readonly preview: string
}

export const NO_RELEASE = 'none'

export function formatNames({ blue, green, preview }: Names): string {
  return `blue ${blue ?? NO_RELEASE}\ngreen ${green ?? NO_RELEASE}\npreview ${preview}\n`
}

export function parseNames(text: string): Names {
  const values = new Map(text.split('\n').map((line) => [line.split(' ')[0] ?? '', line.split(' ')[1] ?? '']))
  const sha = (color: Color) => parseName(values.get(color) ?? NO_RELEASE)
  return { blue: sha('blue'), green: sha('green'), preview: values.get('preview') ?? '' }
}

/** What is not a SHA names no release. */
export function parseName(text: string): Sha | null {
  return /^[0-9a-f]{40}$/.test(text) ? parseSha(text) : null
}
