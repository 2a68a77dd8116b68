import type { Call, IncusClient } from '../../src/drivers/incus/client.ts'

/** A writer that is stopped right before a call goes out, as by SIGSTOP: its decision is made, its effect is still to come. */
export interface HeldClient extends IncusClient {
  /** Resolves when it stands before the call. */
  readonly reached: Promise<void>
  go(): void
}

export function heldClient(client: IncusClient, isTheCall: (call: Call) => boolean): HeldClient {
  const reached = Promise.withResolvers<void>()
  const going = Promise.withResolvers<void>()
  const hold = async (call: Call) => {
    if (!isTheCall(call)) return
    reached.resolve()
    await going.promise
  }
  return {
    ...client,
    reached: reached.promise,
    go: () => going.resolve(),
    async call(call) {
      await hold(call)
      return client.call(call)
    },
    async raw(call) {
      await hold(call)
      return client.raw(call)
    },
  }
}
