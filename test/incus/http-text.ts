import { httpGet } from '../../src/lib/http-get.ts'

/** Where the busybox image serves `ok`. */
export const BUSYBOX_PORT = 8080

const TRIES = 50
const PAUSE_MS = 100

/** The body of a page that may need a moment to be there: a container is running before its service is. */
export async function httpText(url: string): Promise<string> {
  for (let tries = 1; ; tries += 1) {
    try {
      return (await httpGet({ url, headers: {}, timeoutMs: 2_000 })).body
    } catch (error) {
      if (tries >= TRIES) throw error
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
  }
}
