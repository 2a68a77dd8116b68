import { randomBytes } from 'node:crypto'
import type { Color } from '../../domain/color.ts'
import type { Sha } from '../../domain/ids.ts'
import { writeFenced } from './file-fence.ts'
import type { Host } from './host.ts'
import { readText } from './host.ts'
import { ask } from './look.ts'
import { formatNames, type Names, NO_RELEASE, parseNames } from './names-file.ts'
import { tell } from './tell.ts'

const TOKEN_BYTES = 16

/** Names the release of a color: file first, memory second, under the same fence as the flip. */
export async function nameRelease(
  host: Host,
  { color, sha, fencedBy }: { readonly color: Color; readonly sha: Sha | null; readonly fencedBy: number },
): Promise<void> {
  const names = await readNames(host)
  await writeFenced(host, fencedBy, host.layout.namesMap, formatNames({ ...names, [color]: sha }))
  if ((await ask(host)) === null) return
  const value = sha ?? NO_RELEASE
  await tell(
    host,
    fencedBy,
    { path: '/name', headers: { 'x-generation': String(fencedBy), 'x-key': color, 'x-value': value } },
    (answer) => answer.names[color] === value,
  )
}

export async function readNames(host: Host): Promise<Names> {
  return parseNames((await readText(host, host.layout.namesMap)) ?? '')
}

export function newPreviewToken(): string {
  return randomBytes(TOKEN_BYTES).toString('hex')
}
