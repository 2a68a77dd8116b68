import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Two servers that say their color, in a process of their own. */
const ports: number[] = []
for (const color of ['blue', 'green']) {
  const server = createServer({ keepAliveTimeout: 60_000 }, (_request, answer) => answer.end(color))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  ports.push((server.address() as AddressInfo).port)
}
process.send?.(ports)
process.on('disconnect', () => process.exit(0))
