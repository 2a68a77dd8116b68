import { defineCommand } from '../define-command.ts'

const LOOKS_SECRET = /PASSWORD|SECRET|TOKEN|PRIVATE|API_?KEY|CREDENTIAL/i

export const check = defineCommand({
  name: 'check',
  summary: 'Whether the configuration is one; connects to nothing',
  async run({ io, options, config: load }) {
    const config = await load()
    const places = [
      ...config.components.map(({ name, environment }) => ({ where: `components.${name}.environment`, environment })),
      ...config.environments.map(({ name, environment }) => ({
        where: `environments.${name}.environment`,
        environment,
      })),
    ]
    const warnings = places.flatMap(({ where, environment }) =>
      Object.entries(environment)
        .filter(([name, value]) => typeof value === 'string' && LOOKS_SECRET.test(name))
        .map(
          ([name]) =>
            `${where}.${name} looks like a secret in plain text: it would be in the journal and in every release. Use {env: ${name}} or {file: path}`,
        ),
    )
    const text = [
      `✓ ${config.file}: ${config.components.length} components, environments ${config.environments.map(({ name }) => name).join(', ')}`,
      ...warnings.map((warning) => `! ${warning}`),
    ]
    io.out(options.json === true ? `${JSON.stringify({ file: config.file, warnings })}\n` : `${text.join('\n')}\n`)
    return 0
  },
})
