import { connect } from 'node:net'

/** Whether somebody listens there. */
export function accepts({ host, port }: { readonly host: string; readonly port: number }): Promise<boolean> {
  return new Promise((tell) => {
    const socket = connect({ host, port })
    const close = (answer: boolean) => {
      socket.destroy()
      tell(answer)
    }
    socket.once('connect', () => close(true))
    socket.once('error', () => close(false))
    socket.setTimeout(1_000, () => close(false))
  })
}
