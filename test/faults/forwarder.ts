import { connect, createServer } from 'node:net'

/** Hands every connection to the first address on to the second one, same port. A side that breaks takes the other one with it. */
const [from = '', to = '', port = ''] = process.argv.slice(2)
createServer((client) => {
  const server = connect(Number(port), to)
  client.pipe(server).pipe(client)
  client.on('error', () => server.destroy())
  server.on('error', () => client.destroy())
}).listen(Number(port), from, () => console.log('ready'))
