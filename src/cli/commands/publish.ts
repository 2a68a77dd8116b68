import { type CommandInput, defineCommand } from '../define-command.ts'

export const publish = defineCommand({
  name: 'publish',
  summary: 'Pack a release and put it into the registry',
  arguments: ['<sources...>'],
  options: [
    { flags: '--sha <sha>', description: 'the commit it was built from' },
    { flags: '--built-by <name>', description: 'who or what built it; default: you' },
  ],
  examples: ['backflip publish --sha 2f81c03a9d… backend=build/backend web=build/web'],
  async run(input) {
    const [{ parseSha }, { usageError }, { publishRelease }] = await Promise.all([
      import('../../domain/ids.ts'),
      import('../../domain/errors.ts'),
      import('../../operations/publish.ts'),
    ])
    const { sha, builtBy } = input.options as { readonly sha?: string; readonly builtBy?: string }
    if (sha === undefined)
      throw usageError('which commit was it built from?', {
        code: 'no-sha',
        place: { flag: '--sha' },
        hint: 'backflip publish --sha "$(git rev-parse HEAD)" …',
      })
    const ask = { sha: parseSha(sha, '--sha'), sources: await parseSources(input) }
    const environment = await input.environment()
    const { config, registry, clock, actor, settings } = environment
    const stored = await publishRelease({
      config,
      registry,
      ...ask,
      builtBy: builtBy ?? actor,
      now: clock.now(),
      workFolder: settings.stateFolder,
    })
    const sizeBytes = stored.manifest.components.reduce((sum, { artifact }) => sum + artifact.sizeBytes, 0)
    input.io.out(
      input.options.json === true
        ? `${JSON.stringify(stored)}\n`
        : `published ${sha}: ${stored.manifest.components.length} components, ${sizeBytes} bytes\n`,
    )
    return 0
  },
})

async function parseSources({
  args,
  io,
}: CommandInput): Promise<readonly { readonly component: string; readonly path: string }[]> {
  const [{ usageError }, { resolve }] = await Promise.all([import('../../domain/errors.ts'), import('node:path')])
  return args.map((text) => {
    const equals = text.indexOf('=')
    if (equals < 1 || equals === text.length - 1)
      throw usageError(`${JSON.stringify(text)} is not COMPONENT=PATH`, {
        code: 'bad-source-argument',
        place: { flag: 'SOURCES' },
      })
    return { component: text.slice(0, equals), path: resolve(io.cwd, text.slice(equals + 1)) }
  })
}
