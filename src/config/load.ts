import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { usageError } from '../domain/errors.ts'
import { sha256Hex } from '../lib/sha256.ts'
import { readCached, writeCached } from './cache.ts'
import type { Config, EnvironmentConfig } from './types.ts'

const FILE_NAME = 'backflip.yaml'
const MAX_BYTES = 1024 * 1024

/** The file named, or the nearest `backflip.yaml` in this folder or above. Error `no-config`. */
export function findConfig(from: string, named: string | null): string {
  if (named !== null) {
    const file = resolve(from, named)
    if (existsSync(file)) return file
    throw usageError(`there is no ${file}`, { code: 'no-config', place: { flag: '--config' }, hint: 'backflip init' })
  }
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const file = join(folder, FILE_NAME)
    if (existsSync(file)) return file
    if (dirname(folder) === folder)
      throw usageError(`there is no ${FILE_NAME} here or above`, {
        code: 'no-config',
        hint: 'backflip init (or: --config FILE)',
      })
  }
}

/**
 * Reads a configuration. What was validated before is taken from a cache under the hash of its very bytes: loading the YAML parser and the
 * validator costs more than Node's own start.
 */
export async function loadConfig(file: string): Promise<Config> {
  const bytes = readFileSync(file)
  if (bytes.length > MAX_BYTES)
    throw usageError(`${file} has ${bytes.length} bytes: no configuration is that large`, {
      code: 'bad-config',
      place: { file },
    })
  const key = sha256Hex(`${resolve(file)}\n${sha256Hex(bytes)}`)
  const cached = await readCached(dirname(resolve(file)), key)
  if (cached !== null) return cached
  const { parseConfig } = await import('./parse.ts')
  const config = parseConfig(bytes.toString('utf8'), file)
  await writeCached(dirname(resolve(file)), key, config)
  return config
}

/** The environment asked for, or the only one. Error `unknown-environment` with a suggestion. */
export async function chooseEnvironment({ environments }: Config, asked: string | null): Promise<EnvironmentConfig> {
  const names = environments.map(({ name }) => name)
  const [only] = environments
  if (asked === null) {
    if (environments.length === 1 && only !== undefined) return only
    throw usageError(`which environment? ${names.join(', ')}`, {
      code: 'no-environment',
      place: { flag: '--env' },
      hint: `--env ${names[0] ?? 'NAME'}`,
    })
  }
  const found = environments.find(({ name }) => name === asked)
  if (found !== undefined) return found
  const { suggest } = await import('../lib/suggest.ts')
  const near = suggest(asked, names)
  throw usageError(`there is no environment ${JSON.stringify(asked)}: ${names.join(', ')}`, {
    code: 'unknown-environment',
    place: { flag: '--env' },
    ...(near === null ? {} : { hint: `did you mean --env ${near}?` }),
  })
}
