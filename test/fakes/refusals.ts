import { BackflipError } from '../../src/domain/errors.ts'

export function fenced(generation: number): BackflipError {
  return new BackflipError(`generation ${generation} is worthless: a newer holder has it`, {
    code: 'fenced',
    kind: 'held',
  })
}

export function edgeUnknown(): BackflipError {
  return new BackflipError('the edge runs and does not answer', { code: 'edge-unknown', kind: 'person' })
}

export function edgeDown(): BackflipError {
  return new BackflipError('the edge does not run', { code: 'edge-down', kind: 'failed' })
}

export function noServer(color: string): BackflipError {
  return new BackflipError(`traffic is not sent to ${color}: a component has no server up`, {
    code: 'no-server',
    kind: 'refused',
  })
}

export function runtimeDown(): BackflipError {
  return new BackflipError('the runtime does not answer', { code: 'runtime-down', kind: 'failed' })
}
