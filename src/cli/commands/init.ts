import { defineCommand } from '../define-command.ts'

export const init = defineCommand({
  name: 'init',
  summary: 'Write a backflip.yaml to begin with, or the systemd unit that brings an environment up',
  options: [
    { flags: '--systemd', description: 'write backflip-<app>-<env>.service instead: up at boot, down at shutdown' },
  ],
  examples: ['backflip init', 'backflip init --systemd --env prod'],
  async run({ io, options, config }) {
    const [{ writeFile }, { join }, { usageError }] = await Promise.all([
      import('node:fs/promises'),
      import('node:path'),
      import('../../domain/errors.ts'),
    ])
    const write = async (name: string, text: string) => {
      const file = join(io.cwd, name)
      try {
        await writeFile(file, text, { flag: 'wx', mode: 0o644 })
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
        throw usageError(`${file} is there already, and stays as it is`, {
          code: 'file-exists',
          hint: 'backflip check',
        })
      }
      io.out(options.json === true ? `${JSON.stringify({ wrote: file })}\n` : `wrote ${file}\n`)
    }
    if (options.systemd !== true) {
      const { TEMPLATE } = await import('../../config/template.ts')
      await write('backflip.yaml', TEMPLATE)
      return 0
    }
    const [{ chooseEnvironment }, { renderUnit }] = await Promise.all([
      import('../../config/load.ts'),
      import('../systemd-unit.ts'),
    ])
    const known = await config()
    const settings = await chooseEnvironment(known, options.env ?? null)
    await write(
      `backflip-${known.app}-${settings.name}.service`,
      renderUnit(known, settings, process.argv[1] ?? 'backflip', process.execPath),
    )
    return 0
  },
})
