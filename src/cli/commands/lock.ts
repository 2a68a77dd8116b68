import type { LeaseRecord } from '../../domain/journal.ts'
import { defineCommand } from '../define-command.ts'

export const lockAcquire = defineCommand({
  name: 'lock acquire',
  summary: 'Keep everybody out until you release it',
  options: [{ flags: '-m, --message <text>', description: 'why: shown to whoever is kept out' }],
  examples: ['backflip lock acquire -m "moving the database"'],
  async run({ io, options, environment: open }) {
    const [{ lockByPerson }, { usageError }, { oneLine }] = await Promise.all([
      import('../../engine/lease.ts'),
      import('../../domain/errors.ts'),
      import('../require-reason.ts'),
    ])
    const message = oneLine((options as { readonly message?: string }).message ?? '')
    if (message === '')
      throw usageError('a lock says why', {
        code: 'no-message',
        place: { flag: '-m' },
        hint: 'backflip lock acquire -m TEXT',
      })
    const { journal, liveness, actor } = await open()
    const lease = await lockByPerson({ journal, liveness, actor, message })
    io.out(options.json === true ? `${JSON.stringify(lease)}\n` : `locked: ${message}\n`)
    return 0
  },
})

export const lockRelease = defineCommand({
  name: 'lock release',
  summary: 'Let others in again',
  async run({ io, options, environment: open }) {
    const { releaseLock } = await import('../../engine/lease.ts')
    const lease = await releaseLock({ journal: (await open()).journal })
    io.out(
      options.json === true
        ? `${JSON.stringify(lease)}\n`
        : `released: ${lease.message}, which ${lease.holder.actor} took at ${lease.takenAt}\n`,
    )
    return 0
  },
})

export const lockStatus = defineCommand({
  name: 'lock status',
  summary: 'Who holds the environment',
  async run({ io, options, environment: open }) {
    const { journal, liveness } = await open()
    const lease = await journal.lease()
    const holder = lease === null ? null : await liveness.check(lease.holder)
    io.out(options.json === true ? `${JSON.stringify({ lease, holder })}\n` : `${describe(lease, holder)}\n`)
    return 0
  },
})

/** A person's lock has no process that lives as long as it does: that it is gone says nothing. */
function describe(lease: LeaseRecord | null, liveness: string | null): string {
  if (lease === null) return 'nobody holds it'
  const { kind, holder, message, takenAt, heartbeats } = lease
  if (kind === 'person')
    return `locked by ${holder.actor}: ${message}\n  on ${holder.host}, since ${takenAt}   (backflip lock release)`
  return `held by ${holder.actor}: ${message}\n  process ${holder.pid} on ${holder.host} (${liveness ?? 'unknown'}), since ${takenAt}, ${heartbeats} heartbeats`
}

export const lockBreak = defineCommand({
  name: 'lock break',
  summary: 'Take the environment from a holder that will never let go; its late writes are refused',
  options: [{ flags: '--reason <text>', description: 'kept in the history' }],
  async run(input) {
    const [{ breakLock }, { requireReason }] = await Promise.all([
      import('../../operations/break-lock.ts'),
      import('../require-reason.ts'),
    ])
    const reason = requireReason(input.options, 'backflip lock break --reason TEXT')
    const { held, generation, unfenced } = await breakLock(await input.environment(), reason)
    const lines = [
      `broken: ${held.message}, of ${held.holder.actor}`,
      ...(unfenced === null
        ? [`  the edge takes nothing older than generation ${generation}`]
        : [
            `  the edge was not fenced: ${unfenced.message}; the next operation does it first`,
            ...(unfenced.hint === undefined ? [] : [`  → ${unfenced.hint}`]),
          ]),
    ]
    input.io.out(
      input.options.json === true
        ? `${JSON.stringify({ broken: held, generation, unfenced })}\n`
        : `${lines.join('\n')}\n`,
    )
    return 0
  },
})
