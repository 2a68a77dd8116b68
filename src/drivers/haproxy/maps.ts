import { NO_TRAFFIC } from '../../domain/edge-state.ts'
import type { ControlAnswer } from './control.ts'
import { writeFenced } from './file-fence.ts'
import type { Host } from './host.ts'
import { readText } from './host.ts'
import { newPreviewToken, readNames } from './name-release.ts'
import { formatNames, parseName } from './names-file.ts'
import { formatStateFile } from './state-file.ts'

/**
 * HAProxy refuses to start, and to reload, without its map files (research/haproxy.md §16, 7). What is missing is made from what the running
 * worker says, so that a lost file does not become an outage at the next reload; before the first start, from nothing.
 */
export async function prepareMaps(host: Host, generation: number, running: ControlAnswer | null): Promise<void> {
  const { layout } = host
  if ((await readText(host, layout.stateMap)) === null) {
    const state = running?.state ?? NO_TRAFFIC
    await writeFenced(host, generation, layout.stateMap, formatStateFile(layout.key, { state, anchor: null }))
  }
  const names = await readNames(host)
  if (names.preview !== '') return
  const known = running?.names ?? { blue: names.blue ?? '', green: names.green ?? '', preview: '' }
  const preview = /^[0-9a-f]{16,}$/.test(known.preview) ? known.preview : newPreviewToken()
  const text = formatNames({ blue: parseName(known.blue), green: parseName(known.green), preview })
  await writeFenced(host, generation, layout.namesMap, text)
}
