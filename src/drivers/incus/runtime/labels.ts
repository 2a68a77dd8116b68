import { type Color, isColor } from '../../../domain/color.ts'
import type { ComponentName, OperationId, Sha } from '../../../domain/ids.ts'
import type { Instance, Keys } from '../instances.ts'
import type { Owner } from './names.ts'

const PREFIX = 'user.backflip.'

/** What a container of ours says of itself. Values of the environment are never among it: whoever may list instances reads these. */
export interface Labels {
  readonly component: ComponentName
  readonly color: Color | null
  /** The name of a one-off; null for an instance of a color. */
  readonly oneOff: string | null
  readonly sha: Sha
  readonly operation: OperationId
  /** Of the lease it was made under. */
  readonly generation: number
  readonly nth: number
  readonly host: string
  readonly port: number
  readonly stopTimeoutMs: number
}

/** How far it has come. `unpacked`: the release is whole; `started`: its service was told to run. */
export type Phase = 'made' | 'unpacked' | 'started'

export interface Owned {
  readonly instance: Instance
  readonly labels: Labels
  readonly phase: Phase
  /** Exit code or signal, when its end was seen; the time of it. */
  readonly exit: string | null
  readonly stoppedAt: string | null
}

export function toKeys({ app, environment }: Owner, labels: Labels): Keys {
  const { component, color, oneOff, sha, operation, generation, nth, host, port, stopTimeoutMs } = labels
  return {
    [`${PREFIX}app`]: app,
    [`${PREFIX}environment`]: environment,
    [`${PREFIX}component`]: component,
    ...(color === null ? {} : { [`${PREFIX}color`]: color }),
    ...(oneOff === null ? {} : { [`${PREFIX}one-off`]: oneOff }),
    [`${PREFIX}sha`]: sha,
    [`${PREFIX}operation`]: operation,
    [`${PREFIX}generation`]: String(generation),
    [`${PREFIX}instance`]: String(nth),
    [`${PREFIX}address`]: `${host}:${port}`,
    [`${PREFIX}stop-timeout-ms`]: String(stopTimeoutMs),
    ...phaseKeys('made'),
  }
}

export function phaseKeys(phase: Phase): Keys {
  return { [`${PREFIX}phase`]: phase }
}

/** Empty values take the keys away. */
export function endKeys(exit: string | null, at: string | null): Keys {
  return { [`${PREFIX}exit`]: exit ?? '', [`${PREFIX}stopped-at`]: at ?? '' }
}

/** Null when it is not ours: another's, another environment's, or nobody's any more because labels were changed by hand. */
export function readLabels({ app, environment }: Owner, instance: Instance): Owned | null {
  const label = (name: string) => instance.config[`${PREFIX}${name}`] ?? null
  const color = label('color')
  const oneOff = label('one-off')
  const [sha, operation, component] = [label('sha'), label('operation'), label('component')]
  if (label('app') !== app || label('environment') !== environment) return null
  if (sha === null || operation === null || component === null || (oneOff === null && !isColor(color))) return null
  const [host = '', port = ''] = (label('address') ?? '').split(':')
  const phase = label('phase')
  return {
    instance,
    labels: {
      component: component as ComponentName,
      color: isColor(color) ? color : null,
      oneOff,
      sha: sha as Sha,
      operation: operation as OperationId,
      generation: Number(label('generation')),
      nth: Number(label('instance')),
      host,
      port: Number(port),
      stopTimeoutMs: Number(label('stop-timeout-ms')),
    },
    phase: phase === 'started' || phase === 'unpacked' ? phase : 'made',
    exit: label('exit'),
    stoppedAt: label('stopped-at'),
  }
}
