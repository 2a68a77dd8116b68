import type { OverrideAsk } from '../operations/override.ts'
import type { CommandInput, OptionSpec } from './define-command.ts'

export const OVERRIDE_OPTIONS: readonly OptionSpec[] = [
  {
    flags: '--override <rules>',
    description:
      'go on although these rules say that a release breaks (with commas); with --reason and one of the next two',
  },
  { flags: '--inverse <file>', description: 'SQL that gives the old shape back; verified before anything is done' },
  { flags: '--no-inverse-possible', description: 'there is none: what is taken away stays away' },
  { flags: '--expires <day>', description: 'until when the override is shown in status, as in 2026-12-31' },
]

const MAX_BYTES = 1024 * 1024
const MAX_RULES = 20

/** Null without `--override`. `asks`: whether a second person may be asked for. */
export async function overrideAsk({ options, io }: CommandInput, asks: boolean): Promise<OverrideAsk | null> {
  const { override, inverse, expires } = options as {
    readonly override?: string
    readonly inverse?: string
    readonly expires?: string
  }
  // Node's parser takes the option by its whole name, commander by what it negates.
  const hasNoInverse = options.noInversePossible === true || options.inversePossible === false
  const { usageError } = await import('../domain/errors.ts')
  if (override === undefined) {
    if (inverse === undefined && expires === undefined && !hasNoInverse) return null
    throw usageError('there is no --override that it would belong to', {
      code: 'no-override',
      place: { flag: '--override' },
    })
  }
  if (inverse !== undefined && hasNoInverse)
    throw usageError('an inverse was named, and said not to be possible', {
      code: 'bad-option',
      place: { flag: '--no-inverse-possible' },
    })
  const rules = [...new Set(override.split(',').map((one) => one.trim()))].filter((one) => one !== '')
  if (rules.length === 0 || rules.length > MAX_RULES || !rules.every((one) => /^[a-z][a-z-]*$/.test(one)))
    throw usageError(`${JSON.stringify(override)} names no rules, as in drop-column,set-not-null`, {
      code: 'bad-rules',
      place: { flag: '--override' },
      hint: 'backflip migrations lint --explain all',
    })
  const { requireReason } = await import('./require-reason.ts')
  return {
    rules,
    reason: requireReason(options, 'the same command with --reason TEXT'),
    inverse: inverse === undefined ? null : { file: inverse, text: await readText(io.cwd, inverse) },
    hasNoInverse,
    expires: expires ?? null,
    asks,
  }
}

/** UTF-8, bounded before it is read. */
async function readText(cwd: string, name: string): Promise<string> {
  const [{ readFileSync, statSync }, { resolve }, { usageError }] = await Promise.all([
    import('node:fs'),
    import('node:path'),
    import('../domain/errors.ts'),
  ])
  const file = resolve(cwd, name)
  const found = statSync(file, { throwIfNoEntry: false })
  if (found === undefined || !found.isFile())
    throw usageError(`${name} is no file`, { code: 'no-such-file', place: { flag: '--inverse' } })
  if (found.size > MAX_BYTES)
    throw usageError(`${name} is larger than ${MAX_BYTES} bytes`, {
      code: 'text-too-large',
      place: { flag: '--inverse' },
    })
  return readFileSync(file, 'utf8')
}
