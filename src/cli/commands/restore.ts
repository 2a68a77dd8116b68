import type { Plan } from '../../domain/plan/plan.ts'
import { counted } from '../../lib/counted.ts'
import type { Environment } from '../../operations/environment.ts'
import type { RestorePreview } from '../../operations/preview-restore.ts'
import type { RestoreRequest } from '../../operations/restore.ts'
import { type CommandInput, defineCommand } from '../define-command.ts'
import { reasonOf } from '../require-reason.ts'

export const restore = defineCommand({
  name: 'restore',
  summary: 'Put the data back to a snapshot: the last way back. Shows what would be lost first',
  arguments: ['[snapshot]'],
  options: [
    {
      flags: '--from <source>',
      description:
        'where databases come from: snapshot (default), or pgbackrest (the restore point of the same moment)',
    },
    { flags: '--undo <operation>', description: 'put back what that restore had replaced' },
    {
      flags: '--max-lost <count>',
      description: 'go on when at most so many transactions are lost; `any`: whatever it is',
    },
    { flags: '--export-lost <folder>', description: 'write the rows that would be lost there, one CSV file a table' },
    { flags: '--reason <text>', description: 'kept in the history; deploys stay frozen with it' },
  ],
  examples: [
    'backflip restore pre-deploy-2f81c03a9d… --reason "orders were overwritten"',
    'backflip restore pre-deploy-2f81c03a9d… --max-lost 40 --export-lost lost --yes',
    'backflip restore pre-deploy-2f81c03a9d… --from pgbackrest --reason "the snapshot is gone"',
    'backflip restore --undo 01928c1e-… --reason "the wrong evening"',
  ],
  async run(input) {
    const ask = await requestOf(input)
    const [{ restore: run }, { operate }] = await Promise.all([
      import('../../operations/restore.ts'),
      import('../operate.ts'),
    ])
    const environment = await input.environment()
    return operate(input, {
      environment,
      isConfirmed: true,
      prepare: () => agree(input, environment, ask),
      run: (plan, options) => run(environment, plan, options),
    })
  },
})

async function requestOf({ args, options }: CommandInput): Promise<RestoreRequest> {
  const [{ parseOperationId, parseSnapshotName }, { usageError }] = await Promise.all([
    import('../../domain/ids.ts'),
    import('../../domain/errors.ts'),
  ])
  const { undo, from } = options as { readonly undo?: string; readonly from?: string }
  const [name] = args
  if ((name === undefined) === (undo === undefined))
    throw usageError('name a snapshot, or a restore to take back: one of the two', {
      code: 'what-to-restore',
      place: { flag: 'SNAPSHOT' },
      hint: 'backflip snapshots list',
    })
  if (from !== undefined && (undo !== undefined || (from !== 'snapshot' && from !== 'pgbackrest')))
    throw usageError(
      undo === undefined ? `nothing comes from ${JSON.stringify(from)}` : 'what is taken back comes from what was kept',
      {
        code: 'what-to-restore',
        place: { flag: '--from' },
        hint: undo === undefined ? '--from snapshot, or --from pgbackrest' : 'the same command without --from',
      },
    )
  if (undo !== undefined) return { undo: parseOperationId(undo, '--undo') }
  return { snapshot: parseSnapshotName(name ?? ''), from: from === 'pgbackrest' ? from : 'snapshot' }
}

/** Shows what would be lost, and takes the number that a person types for their word. */
async function agree(input: CommandInput, environment: Environment, ask: RestoreRequest): Promise<Plan> {
  const [{ prepareRestore, showRestore }, { renderRestore }, { painter }] = await Promise.all([
    import('../../operations/restore.ts'),
    import('../render/restore.ts'),
    import('../render/style.ts'),
  ])
  const { io, options } = input
  const preview = await showRestore(environment, ask)
  if (options.json !== true)
    io.err(`${renderRestore(preview, environment.clock.now(), painter(io.useColor)).join('\n')}\n`)
  const { exportLost } = options as { readonly exportLost?: string }
  const { resolve } = await import('node:path')
  return prepareRestore(environment, preview, {
    maxLost: await maxLost(input, preview),
    exportFolder: exportLost === undefined ? null : resolve(io.cwd, exportLost),
    reason: reasonOf(options),
  })
}

/** Null: any number. Error `loss-unknown` when a number would be no promise; `not-confirmed` when nobody typed one, or a smaller one than what would be lost. */
async function maxLost({ io, options }: CommandInput, preview: RestorePreview): Promise<number | null> {
  const { transactions, bound } = preview
  const { usageError } = await import('../../domain/errors.ts')
  const { maxLost: given } = options as { readonly maxLost?: string }
  if (given === 'any') return null
  // Known now, and not first when users are kept away: the count would refuse any number.
  if (bound === 'at-least' || bound === 'about')
    throw usageError(
      `nobody can say exactly how much would be lost: ${counted(transactions, 'transaction')} known of`,
      {
        code: 'loss-unknown',
        place: { flag: '--max-lost' },
        details: preview.services.flatMap(({ loss }) => loss?.reservations ?? []),
        hint: 'the same command with --max-lost any',
      },
    )
  const text = given ?? (await io.ask(`Type how many transactions may be lost (${transactions} would be): `))
  if (text === null)
    throw usageError('nobody is there to say how much may be lost', {
      code: 'not-confirmed',
      place: { flag: '--max-lost' },
      hint: `the same command with --max-lost ${transactions}, or more when it is written to`,
    })
  if (!/^\d{1,15}$/.test(text.trim()))
    throw usageError(`${JSON.stringify(text)} is no number of transactions`, {
      code: 'not-confirmed',
      place: { flag: '--max-lost' },
    })
  if (Number(text) < transactions)
    throw usageError(`${counted(transactions, 'transaction')} would be lost, and at most ${Number(text)} may be`, {
      code: 'not-confirmed',
      place: { flag: '--max-lost' },
    })
  return Number(text)
}
