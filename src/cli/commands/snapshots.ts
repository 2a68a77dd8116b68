import type { SnapshotName } from '../../domain/ids.ts'
import type { Environment } from '../../operations/environment.ts'
import type { Pruned } from '../../operations/prune-snapshots.ts'
import { type CommandInput, defineCommand } from '../define-command.ts'

export const snapshotsList = defineCommand({
  name: 'snapshots list',
  summary: 'Snapshots of the data services, whether each was proved, and what restores keep',
  async run({ io, options, environment: open }) {
    const [{ listSnapshots }, { renderSnapshots }, { painter }] = await Promise.all([
      import('../../operations/snapshots.ts'),
      import('../render/snapshots.ts'),
      import('../render/style.ts'),
    ])
    const list = await listSnapshots(await open())
    io.out(
      options.json === true
        ? `${JSON.stringify(list)}\n`
        : `${renderSnapshots(list, painter(io.useColor)).join('\n')}\n`,
    )
    return 0
  },
})

export const snapshotsVerify = defineCommand({
  name: 'snapshots verify',
  summary: 'Prove snapshots on copies of their own: started without a network, checked page by page and index by index',
  arguments: ['[snapshot]'],
  examples: ['backflip snapshots verify', 'backflip snapshots verify pre-deploy-2f81c03a9d…'],
  async run(input) {
    const [{ verifySnapshots }, { renderProof, toProof }, { runOptions }, { EXIT }] = await Promise.all([
      import('../../operations/verify-snapshot.ts'),
      import('../render/snapshots.ts'),
      import('../operate.ts'),
      import('../exit-codes.ts'),
    ])
    const { io, options } = input
    const snapshot = await nameOf(input)
    const environment = await input.environment()
    const isPlain = options.json !== true
    const results = await verifySnapshots(
      environment,
      snapshot,
      {
        begins: ({ service, snapshot: name }) => (isPlain ? io.err(`… ${service} ${name}\n`) : undefined),
        ended: (result) => (isPlain ? io.out(`${renderProof(result).join('\n')}\n`) : undefined),
      },
      await runOptions(input),
    )
    if (!isPlain) io.out(`${JSON.stringify(results.map(toProof))}\n`)
    else if (results.length === 0) io.out('every snapshot that an operation took was looked at already\n')
    if (io.signal.aborted) return EXIT.interrupted
    return results.every((one) => 'proof' in one && one.proof.isVerified) ? 0 : EXIT.failed
  },
})

export const snapshotsPrune = defineCommand({
  name: 'snapshots prune',
  summary: 'Remove snapshots whose time is over, or one by name; and what restores kept for long enough',
  arguments: ['[snapshot]'],
  options: [{ flags: '--dry-run', description: 'only say what would go' }],
  async run(input) {
    const [{ choosePruned, prune }, { listSnapshots }, { runOptions }] = await Promise.all([
      import('../../operations/prune-snapshots.ts'),
      import('../../operations/snapshots.ts'),
      import('../operate.ts'),
    ])
    const { io, options } = input
    const snapshot = await nameOf(input)
    const environment = await input.environment()
    const ask = { snapshot, now: environment.clock.now() }
    const chosen = choosePruned(await listSnapshots(environment), ask, environment.settings.snapshots.keepReplacedMs)
    const isNothing = chosen.snapshots.length === 0 && chosen.kept.length === 0
    if (isNothing) await refuseUnknown(environment, ask.snapshot)
    if (options.json !== true)
      io.err(
        describe(chosen)
          .map((line) => `${line}\n`)
          .join(''),
      )
    if (!isNothing && options.dryRun !== true) {
      const { confirmPrune } = await import('../confirm-prune.ts')
      await confirmPrune(input)
      await prune(environment, chosen, ask, await runOptions(input))
    }
    if (options.json === true)
      io.out(`${JSON.stringify({ ...chosen, removed: !isNothing && options.dryRun !== true })}\n`)
    return 0
  },
})

async function nameOf({ args }: CommandInput): Promise<SnapshotName | null> {
  const [name] = args
  if (name === undefined) return null
  const { parseSnapshotName } = await import('../../domain/ids.ts')
  return parseSnapshotName(name)
}

async function refuseUnknown({ data }: Environment, snapshot: SnapshotName | null): Promise<void> {
  if (snapshot === null) return
  const { refusal } = await import('../../domain/errors.ts')
  throw refusal(`there is no snapshot ${snapshot} that an operation here took`, {
    code: 'no-such-snapshot',
    details: data.map(({ name }) => name),
    hint: 'backflip snapshots list',
  })
}

function describe({ snapshots, kept, held }: Pruned): readonly string[] {
  const lines = [
    ...snapshots.map(({ service, snapshot }) => `goes: ${service} ${snapshot}`),
    ...kept.map(({ service, keptAs }) => `goes: ${service} ${keptAs}, which a restore had replaced`),
  ]
  const stays = held.map(({ keptAs, by }) => `stays: ${keptAs}, because of ${by.join(', ')} in it`)
  return [...(lines.length === 0 ? ['nothing is over its time'] : lines), ...stays]
}
