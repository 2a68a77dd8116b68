import type { InnerPaths } from './files-in-container.ts'

/** A text as one word of a unit file: quoted, and nothing in it is systemd's (systemd.syntax(7), systemd.service(5)). */
export function quoteForSystemd(text: string): string {
  const escaped = text.replace(/[\\"]/g, '\\$&').replace(/%/g, '%%').replace(/\$/g, '$$$$').replace(/\n/g, '\\n')
  return `"${escaped}"`
}

export interface UnitAsk {
  readonly description: string
  readonly paths: InnerPaths
  readonly argv: readonly string[]
  readonly user: string
  readonly stopTimeoutMs: number
}

/** Runs the release until it is stopped, and again when it fails. How it ended is left in a file, for whoever watches the start. */
export function serviceUnit(ask: UnitAsk): string {
  return `[Unit]
Description=${quoteForSystemd(ask.description).slice(1, -1)}
After=network.target
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStartPre=+/bin/rm -f ${ask.paths.exit}
${common(ask)}
Restart=on-failure
RestartSec=1

[Install]
WantedBy=multi-user.target
Alias=backflip.service
`
}

/** Runs a command to its end, once: whoever starts the unit a second time finds the claim. */
export function oneOffUnit(ask: UnitAsk & { readonly timeoutMs: number }): string {
  return `[Unit]
Description=${quoteForSystemd(ask.description).slice(1, -1)}
After=network.target
ConditionPathExists=!${ask.paths.claim}

[Service]
Type=exec
ExecStartPre=+/bin/mkdir ${ask.paths.claim}
${common(ask)}
RuntimeMaxSec=${(ask.timeoutMs / 1000).toFixed(3)}
`
}

function common({ paths, argv, user, stopTimeoutMs }: UnitAsk): string {
  const note = `printf "%%s %%s %%s\\\\n" "$$SERVICE_RESULT" "$$EXIT_CODE" "$$EXIT_STATUS" > ${paths.exit}.part && sync ${paths.exit}.part && mv ${paths.exit}.part ${paths.exit}`
  return `ExecStart=${argv.map(quoteForSystemd).join(' ')}
ExecStopPost=+/bin/sh -c '${note}'
WorkingDirectory=${paths.release}
EnvironmentFile=${paths.environment}
EnvironmentFile=${paths.secrets}
User=${user}
TimeoutStopSec=${(stopTimeoutMs / 1000).toFixed(3)}
StandardInput=null
StandardOutput=append:${paths.log}
StandardError=append:${paths.log}`
}
