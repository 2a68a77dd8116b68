import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { parseConfig } from '../../src/config/parse.ts'

const GUIDES = fileURLToPath(new URL('../../docs/guides/', import.meta.url))

type Keys = { readonly [key: string]: unknown }

/** What a block leaves out because it is not about it. */
const REST: Keys = {
  app: 'shop',
  components: {
    web: { command: ['./web'], routes: [{ path: '/' }], health: { path: '/' } },
    backend: { command: ['./backend'], health: { path: '/' } },
  },
}
const ENVIRONMENT: Keys = {
  edge: { bind: '127.0.0.1:8080' },
  registry: { path: './registry' },
  runtime: { ports: '20000-20099' },
  incus: { socket: '/var/lib/incus/unix.socket', project: 'shop' },
}

const BLOCKS = readdirSync(GUIDES).flatMap((name) =>
  [...readFileSync(join(GUIDES, name), 'utf8').matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = ''], index) => ({
    name: `${name}, block ${index + 1}`,
    text,
  })),
)

/** A digest is shown by how it begins. */
const withWholeDigests = (text: string) =>
  text.replaceAll(/\b([0-9a-f]+)…/g, (_, start: string) => start.padEnd(64, '0'))

function completed(text: string): string {
  const written = parse(withWholeDigests(text)) as Keys
  const environments = (written.environments ?? { staging: {} }) as { readonly [name: string]: Keys }
  const whole = Object.entries(environments).map(([name, environment]) => {
    const edge = { ...(ENVIRONMENT.edge as Keys), ...(environment.edge as Keys) }
    return [name, { ...ENVIRONMENT, ...environment, edge }]
  })
  return stringify({ ...REST, ...written, environments: Object.fromEntries(whole) })
}

describe('the configuration in the guides', () => {
  it('is there', () => {
    expect(BLOCKS.length).toBeGreaterThan(3)
  })

  it.each(BLOCKS)('$name is what backflip check takes', ({ name, text }) => {
    expect(parseConfig(completed(text), name).app).toBe('shop')
  })
})
