import type { Json } from '../../src/domain/json.ts'
import type { Step, StepContext, StepResult } from '../../src/engine/step.ts'
import type { StepPorts } from '../../src/steps/ports.ts'
import { VirtualClock } from './clock.ts'
import { operationId } from './history.ts'
import { Operator } from './operator.ts'

/** One step alone, with the ports that it needs and no others, in virtual time. */
export class StepBench {
  readonly clock = new VirtualClock()
  readonly said: string[] = []
  readonly context: StepContext<StepPorts>

  constructor(ports: { readonly [Port in keyof StepPorts]?: Partial<StepPorts[Port]> }) {
    this.context = {
      ports: { ...ports, clock: this.clock.of(new Operator(1, 'ann')) } as unknown as StepPorts,
      operation: operationId(1),
      actor: 'ann',
      generation: 1,
      output: () => null,
      signal: new AbortController().signal,
      say: (text) => void this.said.push(text),
    }
  }

  /** Executes it, however much virtual time it takes. */
  run(step: Step<StepPorts>, params: object): Promise<StepResult> {
    return this.clock.settle(step.execute(params as unknown as Json, this.context))
  }
}
