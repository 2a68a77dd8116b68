/** What is built into a file of its own: loaded where something lives in a container, and by no flip between processes. */
export { incusDataService } from './data/data-service.ts'
export { checkEdgeTransport, clientFromConfig, edgeTransportOf } from './from-config.ts'
export { incusRuntime } from './runtime/runtime.ts'
