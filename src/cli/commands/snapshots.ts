import type { SnapshotName } from '../../domain/ids.ts'
import type { Environment } from '../../operations/environment.ts'
import type { Pruned } from '../../operations/snapshots.ts'
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
    const [{ unverified, verifySnapshot }, { runOptions }, { EXIT }] = await Promise.all([
      import('../../operations/verify-snapshot.ts'),
      import('../operate.ts'),
      import('../exit-codes.ts'),
    ])
    const { io, options } = input
    const environment = await input.environment()
    const snapshot = await nameOf(input)
    const results = []
    for (const taken of await unverified(environment, snapshot)) {
      if (options.json !== true) io.err(`… ${taken.service} ${taken.snapshot}\n`)
      const { proof, tookMs } = await verifySnapshot(environment, taken, await runOptions(input))
      results.push({ service: taken.service, snapshot: taken.snapshot, tookMs, ...proof })
      if (options.json === true) continue
      io.out(`${proof.isVerified ? '✓ verified' : '✗ NOT WHOLE'}  ${taken.service} ${taken.snapshot}\n`)
      for (const { name, result, detail } of proof.checks) io.out(`    ${name} ${result}: ${detail}\n`)
    }
    if (options.json === true) io.out(`${JSON.stringify(results)}\n`)
    else if (results.length === 0) io.out('every snapshot that an operation took was looked at already\n')
    return results.every(({ isVerified }) => isVerified) ? 0 : EXIT.failed
  },
})

export const snapshotsPrune = defineCommand({
  name: 'snapshots prune',
  summary: 'Remove snapshots whose time is over, or one by name; and what restores kept for long enough',
  arguments: ['[snapshot]'],
  options: [{ flags: '--dry-run', description: 'only say what would go' }],
  async run(input) {
    const [{ choosePruned, listSnapshots, prune }, { runOptions }] = await Promise.all([
      import('../../operations/snapshots.ts'),
      import('../operate.ts'),
    ])
    const { io, options } = input
    const environment = await input.environment()
    const ask = { snapshot: await nameOf(input), now: environment.clock.now() }
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
      await prune(environment, chosen, await runOptions(input))
    }
    if (options.json === true) io.out(`${JSON.stringify({ ...chosen, removed: options.dryRun !== true })}\n`)
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

function describe({ snapshots, kept }: Pruned): readonly string[] {
  const lines = [
    ...snapshots.map(({ service, snapshot }) => `goes: ${service} ${snapshot}`),
    ...kept.map(({ service, keptAs }) => `goes: ${service} ${keptAs}, which a restore had replaced`),
  ]
  return lines.length === 0 ? ['nothing is over its time'] : lines
}
