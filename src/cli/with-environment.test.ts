import { describe, expect, it } from 'vitest'
import { BackflipError, refusal } from '../domain/errors.ts'
import { type CommandInput, defineCommand } from './define-command.ts'
import type { Io } from './io.ts'
import { withEnvironment } from './with-environment.ts'

async function run(work: (input: CommandInput) => Promise<number>, options = {}) {
  const said = { out: '', err: '' }
  const io: Io = {
    out: (text) => {
      said.out += text
    },
    err: (text) => {
      said.err += text
    },
    isTerminal: false,
    columns: 80,
    useColor: false,
    cwd: '/',
    variables: {},
    signal: new AbortController().signal,
    ask: async () => null,
  }
  const exitCode = await withEnvironment(defineCommand({ name: 'test', summary: '', run: work }), [], options, io)
  return { exitCode, ...said }
}

const failed = new BackflipError('the edge does not run', { code: 'edge-down', kind: 'failed', hint: 'backflip up' })
const lost = new BackflipError('taken over', { code: 'lease-lost', kind: 'held' })

describe('an error says what was changed', () => {
  it('nothing, when it came before anything was', async () => {
    const ended = await run(() => Promise.reject(failed))
    expect(ended.exitCode).toBe(1)
    expect(ended.err).toBe('✗ the edge does not run   (exit 1, nothing changed)\n  → backflip up\n')
  })

  it('and not "nothing" once something was: a lease that is lost in the middle is no refusal', async () => {
    const ended = await run((input) => {
      input.changing()
      return Promise.reject(lost)
    })
    expect(ended).toMatchObject({
      exitCode: 4,
      err: expect.stringContaining('some of it may be done: backflip status'),
    })
  })

  it('with --json it is one object on standard output, with the exit code in it', async () => {
    const ended = await run(() => Promise.reject(refusal('no', { code: 'frozen', hint: 'x' })), { json: true })
    expect(ended.err).toBe('')
    expect(JSON.parse(ended.out)).toEqual({
      exitCode: 3,
      error: { code: 'frozen', kind: 'refused', message: 'no', hint: 'x' },
    })
  })

  it('a defect of ours shows its stack', async () => {
    const ended = await run(() => Promise.reject(new TypeError('undefined is not a function')))
    expect(ended).toMatchObject({ exitCode: 1, err: expect.stringContaining('with-environment.test.ts') })
  })
})
