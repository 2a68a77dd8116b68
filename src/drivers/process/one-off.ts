import { type ChildProcess, spawn } from 'node:child_process'
import {
  closeSync,
  constants as fsConstants,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { constants } from 'node:os'
import { dirname } from 'node:path'
import { bootId } from '../../lib/proc.ts'
import type { Claim, Outcome, RunnerAsk } from './one-off-files.ts'
import { readStat } from './process-table.ts'

/**
 * The runner of a one-off: a program of its own, because the command must outlive the one who asked for it and its exit code must not get lost with
 * them. Reads a `RunnerAsk` from standard input, claims the name, runs the command in a process group of its own, leaves the outcome. Everything in it
 * is synchronous but the waiting: there is nothing else to do meanwhile.
 */
const TIMED_OUT = 124
const NOT_EXECUTABLE = 126
const NOT_FOUND = 127

function main(): void {
  const ask = readAsk()
  if (ask !== null && claim(ask)) run(ask)
}

/** Null when it was cut off in the middle, because the asker died while writing. Not thrown: JSON's error quotes the text, and it holds secrets. */
function readAsk(): RunnerAsk | null {
  const text = readFileSync(0, 'utf8')
  try {
    return JSON.parse(text) as RunnerAsk
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

/** link(2) on a whole file: of two runners one wins, and the winner's name is complete from the first instant. */
function claim({ files, temporary, environment }: RunnerAsk): boolean {
  const own: Claim = { pid: process.pid, start: readStat(process.pid)?.start ?? '', bootId: bootId(), environment }
  writeDurably(temporary, JSON.stringify(own))
  try {
    linkSync(temporary, files.claim)
    syncFolder(files.claim)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(temporary, { force: true })
  }
}

function run({ argv, cwd, variables, timeoutMs, killAfterMs, files }: RunnerAsk): void {
  const output = openSync(
    files.log,
    fsConstants.O_WRONLY | fsConstants.O_APPEND | fsConstants.O_CREAT | fsConstants.O_NOFOLLOW,
    0o600,
  )
  const [command = '', ...rest] = argv
  const child = spawn(command, rest, { cwd, env: { ...variables }, detached: true, stdio: ['ignore', output, output] })
  let timedOut = false
  const timer = setTimeout(() => {
    timedOut = true
    writeFileSync(output, `backflip: ended, because the time limit of ${timeoutMs} ms was over\n`)
    signalGroup(child, 'SIGTERM')
    setTimeout(() => signalGroup(child, 'SIGKILL'), killAfterMs)
  }, timeoutMs)
  const finish = (exitCode: number) => {
    clearTimeout(timer)
    // What the command left in its group must not go on changing things after its outcome is known.
    signalGroup(child, 'SIGKILL')
    const outcome: Outcome = { exitCode: timedOut ? TIMED_OUT : exitCode, endedAt: new Date().toISOString() }
    writeDurably(`${files.outcome}.tmp`, JSON.stringify(outcome))
    renameSync(`${files.outcome}.tmp`, files.outcome)
    syncFolder(files.outcome)
    process.exit(0)
  }
  child.once('error', (error: NodeJS.ErrnoException) => {
    writeFileSync(output, `backflip: ${command} cannot be executed (${error.code ?? 'unknown error'})\n`)
    finish(error.code === 'ENOENT' ? NOT_FOUND : NOT_EXECUTABLE)
  })
  child.once('exit', (code, signal) => finish(code ?? 128 + (signal === null ? 0 : constants.signals[signal])))
}

function signalGroup({ pid }: ChildProcess, name: 'SIGTERM' | 'SIGKILL'): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

function writeDurably(path: string, text: string): void {
  const file = openSync(path, 'w', 0o600)
  try {
    writeFileSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

function syncFolder(path: string): void {
  const folder = openSync(dirname(path), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

main()
