import type { ErrorRecord } from '../../domain/errors.ts'
import type { OperationState } from '../../domain/history/operation.ts'
import { isAtOrAfter } from '../../domain/phase.ts'
import type { OperationEnd } from '../../engine/run.ts'

/** The error of an operation that went back, with what to type next when whoever raised it did not say. Null when there is none. */
export function errorOf({ outcome, error, state }: OperationEnd): ErrorRecord | null {
  if (error === null || error.hint !== undefined || (outcome !== 'failed' && outcome !== 'aborted')) return error
  return { ...error, hint: nextCommand(state) }
}

/** By what it was and how far it came: everything is as it was before, so the same again can be asked for. */
function nextCommand({ plan, unwinding }: OperationState): string {
  const { kind, target } = plan
  const isOwnFault = unwinding !== null && !unwinding.aborted && unwinding.because.code !== 'interrupted'
  switch (kind) {
    case 'deploy': {
      const again = `backflip deploy ${target?.sha ?? 'SHA'}`
      if (!isOwnFault) return `${again}   (begins it anew)`
      if (isAtOrAfter(unwinding.phase, 'launch'))
        return `backflip logs COMPONENT --color ${target?.color ?? 'COLOR'}   (mended: backflip deploy SHA)`
      return `mend what is said above, then: ${again}`
    }
    case 'rollback':
      return 'backflip status   (which ways back are open; then: backflip rollback)'
    case 'restore':
      return 'backflip snapshots list   (another one, or the same command again)'
    case 'cleanup':
      return 'mend what is said above, then: backflip cleanup'
    case 'sql':
      return 'mend what is said above, then: the same command'
  }
}
