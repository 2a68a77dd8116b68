import { type Color, otherColor } from '../domain/color.ts'
import { usageError } from '../domain/errors.ts'
import type { ComponentName } from '../domain/ids.ts'
import type { Environment } from './environment.ts'
import { loadRecord } from './record.ts'

/** Default color: the live one; without one, the one that holds something. */
export async function logColor({ journal }: Environment, asked: Color | null): Promise<Color> {
  if (asked !== null) return asked
  const { live, colors } = await loadRecord(journal)
  if (live !== null) return live.color
  return colors.blue.operation === null && colors.green.operation !== null ? 'green' : 'blue'
}

export async function lastLines(
  environment: Environment,
  component: ComponentName,
  color: Color,
  lines: number,
): Promise<readonly string[]> {
  const known = environment.config.components.map(({ name }) => name)
  const found = await environment.runtime.lastLines({ color, component, lines })
  if (found.length === 0 && !known.includes(component)) {
    throw usageError(`there is no component ${JSON.stringify(component)}: ${known.join(', ')}`, {
      code: 'unknown-component',
      place: { flag: 'COMPONENT' },
      hint: `backflip logs ${known[0] ?? 'COMPONENT'} --color ${otherColor(color)}`,
    })
  }
  return found
}

export function follow(
  environment: Environment,
  component: ComponentName,
  color: Color,
  signal: AbortSignal,
): AsyncIterable<string> {
  return environment.runtime.follow({ color, component, signal })
}
