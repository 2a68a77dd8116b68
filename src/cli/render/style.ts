import { styleText } from 'node:util'

export type Paint = (kind: 'good' | 'bad' | 'warn' | 'dim' | 'strong', text: string) => string

const STYLES = { good: 'green', bad: 'red', warn: 'yellow', dim: 'dim', strong: 'bold' } as const

export function painter(useColor: boolean): Paint {
  return (kind, text) => (useColor ? styleText(STYLES[kind], text, { validateStream: false }) : text)
}
