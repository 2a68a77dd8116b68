import { join } from 'node:path'
import type { HaproxyConfig } from '../../config/types.ts'
import type { Color } from '../../domain/color.ts'
import { usageError } from '../../domain/errors.ts'
import type { AppName, ComponentName, EnvironmentName } from '../../domain/ids.ts'

/** sun_path in unix(7) is 108 bytes with its end. HAProxy binds to a temporary name that is longer by a pid and a suffix. */
const MAX_SOCKET_PATH_BYTES = 88

/** Every name and path that the driver uses, in one place. All of them begin with app and environment: an edge may carry many. */
export interface Layout {
  /** `<app>-<env>`: prefix of every section, and the key in the state map. */
  readonly key: string
  readonly folder: string
  /** The configuration file that is ours. */
  readonly configFile: string
  /** All files HAProxy is started with, in order. */
  readonly configFiles: readonly string[]
  readonly stateMap: string
  readonly namesMap: string
  readonly controlSocket: string
  readonly adminSocket: string
  readonly masterSocket: string
  readonly fenceFolder: string
  readonly activeColor: string
  readonly activeColorHistory: string
  readonly processRecord: string
  readonly log: string
}

export function layoutOf(config: HaproxyConfig, app: AppName, environment: EnvironmentName): Layout {
  const { folder, mode } = config
  const key = `${app}-${environment}`
  const configFile = join(folder, mode === 'managed' ? 'haproxy.cfg' : `backflip-${key}.cfg`)
  const layout: Layout = {
    key,
    folder,
    configFile,
    configFiles: mode === 'managed' ? [configFile] : config.configFiles,
    stateMap: join(folder, 'state.map'),
    namesMap: join(folder, 'names.map'),
    controlSocket: join(folder, 'control.sock'),
    adminSocket: config.adminSocket ?? join(folder, 'admin.sock'),
    masterSocket: config.masterSocket ?? join(folder, 'master.sock'),
    fenceFolder: join(folder, 'fence'),
    activeColor: join(folder, 'active-color'),
    activeColorHistory: join(folder, 'active-color.history'),
    processRecord: join(folder, 'haproxy.json'),
    log: join(folder, 'haproxy.log'),
  }
  assertUsable(layout, config)
  return layout
}

function assertUsable(layout: Layout, { mode }: HaproxyConfig): void {
  // What is written into haproxy.cfg is quoted nowhere: a path must not need it.
  if (!/^\/[A-Za-z0-9._/@+-]*$/.test(layout.folder)) {
    throw usageError(
      `the edge's folder ${JSON.stringify(layout.folder)} cannot stand in an HAProxy configuration: letters, digits and . _ / @ + - only`,
      {
        code: 'bad-edge-folder',
        place: { flag: 'edge.folder' },
      },
    )
  }
  if (Buffer.byteLength(layout.controlSocket) > MAX_SOCKET_PATH_BYTES) {
    throw usageError(
      `the edge's folder ${layout.folder} is too long: a unix socket below it may have ${MAX_SOCKET_PATH_BYTES} bytes`,
      {
        code: 'socket-path-too-long',
        place: { flag: 'edge.folder' },
        hint: 'name a shorter folder in edge.folder',
      },
    )
  }
  if (mode === 'attached' && !layout.configFiles.includes(layout.configFile)) {
    throw usageError(`edge.configFiles does not name ${layout.configFile}, the file that is ours`, {
      code: 'edge-file-not-listed',
      place: { flag: 'edge.configFiles' },
    })
  }
}

export function backendName(key: string, color: Color, component: ComponentName | string): string {
  return `${key}-${color}-${component}`
}

export function generationFolder(layout: Layout, generation: number): string {
  return join(layout.fenceFolder, `gen-${generation}`)
}
