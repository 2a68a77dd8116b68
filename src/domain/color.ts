import { usageError } from './errors.ts'
import { quote } from './ids.ts'

/** One full set of instances of all components. */
export type Color = 'blue' | 'green'

export const COLORS: readonly Color[] = ['blue', 'green']

export function otherColor(color: Color): Color {
  return color === 'blue' ? 'green' : 'blue'
}

export function isColor(text: unknown): text is Color {
  return text === 'blue' || text === 'green'
}

export function parseColor(text: string, flag = '--color'): Color {
  if (isColor(text)) return text
  throw usageError(`${quote(text)} is not a color: blue or green`, { code: 'bad-color', place: { flag } })
}
