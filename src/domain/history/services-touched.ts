import type { DataServiceName } from '../ids.ts'
import type { Json } from '../json.ts'
import { type OperationState, type StepState, stepState } from './operation.ts'

/** Data services of the steps that were begun and have not ended: what one who was stopped in their middle may still change. */
export function servicesUnderWay(operation: OperationState): readonly DataServiceName[] {
  return operation.plan.steps.flatMap(({ id, params }) =>
    isUnderWay(stepState(operation, id)) ? servicesIn(params) : [],
  )
}

function isUnderWay({ is }: StepState): boolean {
  return is === 'started' || is === 'failed' || is === 'undoing' || is === 'undo-failed'
}

/** Data services that the parameters of a step name. */
export function servicesIn(params: Json): readonly DataServiceName[] {
  if (params === null || typeof params !== 'object' || Array.isArray(params)) return []
  const { service, services = [] } = params as {
    readonly service?: DataServiceName
    readonly services?: readonly (DataServiceName | { readonly service: DataServiceName })[]
  }
  const named = services.map((one) => (typeof one === 'string' ? one : one.service))
  return service === undefined ? named : [...named, service]
}
