/** The component of the runtime's tests: one script, told by its first argument what to do. */
export const PROGRAM = `
import { spawn } from 'node:child_process'
import { appendFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'

const [behaviour, ...rest] = process.argv.slice(2)

function serve() {
  const answer = JSON.stringify({ identity: String(process.pid), environment: process.env })
  const server = createServer((_request, response) => response.end(answer))
  server.listen(Number(process.env.PORT), process.env.HOST, () => console.log('listening'))
}

switch (behaviour) {
  case 'serve':
    serve()
    break
  case 'stubborn':
    process.on('SIGTERM', () => console.log('not yet'))
    serve()
    break
  case 'crash':
    for (let line = 1; line <= 12; line += 1) console.log('line ' + line)
    process.exitCode = 3
    break
  case 'print':
    console.log('the secret is ' + process.env.SECRET)
    console.log('printed')
    serve()
    break
  case 'family': {
    // A child that ignores TERM and has nothing of ours in its environment, and one that left the group.
    const deaf = "process.on('SIGTERM', () => 0); setInterval(() => 0, 1000); process.send('ready')"
    const stdio = ['ignore', 'inherit', 'inherit', 'ipc']
    const inGroup = spawn(process.execPath, ['-e', deaf], { env: {}, stdio })
    const outside = spawn(process.execPath, ['-e', deaf], { detached: true, stdio })
    await Promise.all([inGroup, outside].map((child) => new Promise((ready) => child.once('message', ready))))
    writeFileSync(process.env.FAMILY, JSON.stringify([process.pid, inGroup.pid, outside.pid]))
    serve()
    break
  }
  case 'once': {
    const [exitCode, tookMs, notes] = rest
    appendFileSync(notes, 'ran ' + process.pid + '\\n')
    console.log('ran')
    setTimeout(() => process.exit(Number(exitCode)), Number(tookMs))
    break
  }
}
`
