import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { ROOT, taskPath } from './paths.js'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']
const PARENT_CHECK_MS = 500

/** Runs the task in the clone's root, hands signals on, and ends as it ends. */
export async function runTask(node, argv) {
  const child = spawn(node, argv, { cwd: ROOT, stdio: 'inherit', env: { ...process.env, PATH: taskPath() } })
  for (const signal of SIGNALS) process.on(signal, () => handOn(child, signal))
  endWithParent(child)
  const { code, signal } = await ended(child)
  process.exit(signal === null ? (code ?? 1) : 128 + (constants.signals[signal] ?? 0))
}

function handOn(child, signal) {
  // A terminal has sent Ctrl-C to the whole group already.
  if (signal === 'SIGINT' && process.stdin.isTTY) return
  child.kill(signal)
}

/** npm puts a shell between itself and us, and a TERM to npm ends that shell only: without this the task would go on, alone. */
function endWithParent(child) {
  if (process.env.npm_lifecycle_event === undefined) return
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    child.kill('SIGTERM')
  }, PARENT_CHECK_MS)
  timer.unref()
}

function ended(child) {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
}
