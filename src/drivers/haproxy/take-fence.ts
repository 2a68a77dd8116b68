import { type EdgeState, NO_TRAFFIC, sameTraffic } from '../../domain/edge-state.ts'
import { refusal } from '../../domain/errors.ts'
import type { Anchor } from '../../ports/edge.ts'
import { takeGeneration, writeFenced } from './file-fence.ts'
import type { Host } from './host.ts'
import { ask, readStateFile } from './look.ts'
import { formatStateFile, type StateFile } from './state-file.ts'
import { tell, unknown } from './tell.ts'

/** Makes all earlier generations worthless, in files and in memory, and leaves traffic as it is. */
export async function takeFence(
  host: Host,
  { anchor, adopt = false }: { readonly anchor: Anchor; readonly adopt?: boolean },
): Promise<number> {
  const { layout } = host
  const folder = host.transport.makeFolder(layout.fenceFolder)
  const [before, running] = await Promise.all([readStateFile(host), ask(host), folder])
  refuseForeign(before?.anchor ?? null, anchor, adopt)
  refuseGarbage(host, before, running?.state ?? null)
  const floor = Math.max(before?.state?.generation ?? 0, running?.state?.generation ?? 0)
  const generation = await takeGeneration(host, floor)
  const write = (state: EdgeState) =>
    writeFenced(
      host,
      generation,
      layout.stateMap,
      formatStateFile(layout.key, { state: { ...state, generation }, anchor }),
    )
  // Read again: until the folder was renamed an older writer could still write, or another journal settle here. Then the file, so that a
  // worker which starts from now on refuses the older ones too.
  const now = await readStateFile(host)
  refuseForeign(now?.anchor ?? null, anchor, adopt)
  const file = now?.state ?? running?.state ?? NO_TRAFFIC
  await write(file)
  // Looked at again: one that started meanwhile may have read the file from before.
  if (running === null && (await ask(host)) === null) return generation
  const { answer } = await tell(
    host,
    generation,
    { path: '/fence', headers: { 'x-generation': String(generation) } },
    ({ state }) => state?.generation === generation,
  )
  // A flip that died between file and memory: what memory serves now keeps serving, and the file says so.
  if (answer.state !== null && !sameTraffic(answer.state, file)) await write(answer.state)
  return generation
}

/** The file is there and names no state, and no worker says one: which color serves after the next start is not ours to invent. */
function refuseGarbage({ layout }: Host, file: StateFile | null, memory: EdgeState | null): void {
  if (file === null || file.state !== null || memory !== null) return
  throw unknown(`${layout.stateMap} names no state, and no worker says what it does`, undefined, [
    `a person who knows which color served last writes the line: ${layout.key} COLOR::0:0`,
  ])
}

function refuseForeign(known: Anchor | null, own: Anchor, adopt: boolean): void {
  if (known === null || known.journal === own.journal || adopt) return
  throw refusal('this edge belongs to another journal', {
    code: 'foreign-journal',
    details: [`the edge: ${known.journal}, at entry ${known.seq}`, `here: ${own.journal}`],
    hint: 'work where the other journal is, or if it is lost: backflip adopt --reason TEXT',
  })
}
