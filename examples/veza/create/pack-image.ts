import { mkdirSync, writeFileSync } from 'node:fs'
import { machine } from 'node:os'
import { join } from 'node:path'
import { mustRun } from './run.ts'

const PACK_LIMIT_MS = 5 * 60_000
const HOSTNAME = '{{ container.name }}\n'
/** A container has its address from its own configuration: nothing waits for DHCP (research/incus.md §2.1, §3). */
const NETWORK = `IP="{{ config_get("user.ipv4", "") }}"\nGW="{{ config_get("user.gw", "") }}"\n`

/** What makes a folder with a `rootfs` a unified image: metadata and the templates that Incus fills in. */
export function writeMetadata(work: string, { os, purpose }: { readonly os: string; readonly purpose: string }): void {
  const metadata = {
    architecture: machine(),
    creation_date: 1_700_000_000,
    properties: { description: `${os} for ${purpose}`, os },
    templates: {
      '/etc/hostname': { when: ['create', 'copy', 'rename'], template: 'hostname.tpl' },
      '/etc/incus-net': { when: ['start'], template: 'net.tpl' },
    },
  }
  // JSON is YAML.
  writeFileSync(join(work, 'metadata.yaml'), JSON.stringify(metadata))
  mkdirSync(join(work, 'templates'))
  writeFileSync(join(work, 'templates', 'hostname.tpl'), HOSTNAME)
  writeFileSync(join(work, 'templates', 'net.tpl'), NETWORK)
}

/** Owners as they are in the tree; not compressed, because it is unpacked as often as it is made. */
export async function packImage(work: string, file: string): Promise<void> {
  const argv = ['tar', '--numeric-owner', '-C', work, '-cf', file, 'metadata.yaml', 'templates', 'rootfs']
  await mustRun(argv, { limitMs: PACK_LIMIT_MS })
}
