import type { Config, EnvironmentConfig } from '../config/types.ts'

/** Up at boot, down at shutdown. `oneshot` with `RemainAfterExit`: HAProxy and the instances are not children of the command. */
export function renderUnit({ app, file }: Config, { name }: EnvironmentConfig, program: string, node: string): string {
  const command = (verb: string) => [node, program, verb, '--env', name, '--config', file, '--yes'].map(quote).join(' ')
  return `[Unit]
Description=${app}, ${name}: edge and colors, by Backflip
After=network-online.target
Wants=network-online.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=${command('up')}
ExecStop=${command('down')}
KillMode=none

[Install]
WantedBy=multi-user.target
`
}

/** systemd.syntax(7): quotes, and % doubled. */
function quote(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%')
  return /^[A-Za-z0-9_./:=@+-]+$/.test(text) ? text : `"${escaped}"`
}
