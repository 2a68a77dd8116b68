import { Agent } from 'node:http'
import { expect, it } from 'vitest'
import type { Call, IncusClient } from './client.ts'
import { executeRecorded } from './exec-recorded.ts'
import { parseInstanceName, parseProjectName } from './names.ts'
import type { HttpReply } from './request.ts'

const OPERATION = '/1.0/operations/0d2c7f5e-3a52-4f4c-9d5e-6a3c1f0b7d11'
const LOG = '/1.0/instances/one/logs/exec-output/exec_x'
const ENDED = { status_code: 200, metadata: { return: 0, output: { 1: `${LOG}.stdout`, 2: `${LOG}.stderr` } } }

/** A daemon with a command that went well; what it does with what was recorded is the test's. */
function daemon(raw: (call: Call) => HttpReply): IncusClient {
  return {
    project: parseProjectName('shop'),
    where: 'nowhere',
    agent: new Agent(),
    call: async ({ method }) =>
      method === 'POST'
        ? { type: 'async', operation: OPERATION, metadata: null }
        : { type: 'sync', metadata: ENDED, etag: null },
    raw: async (call) => raw(call),
    pathOf: ({ path }) => path,
    close: () => undefined,
  }
}

const reply = (status: number, text = ''): HttpReply => ({ status, headers: {}, body: Buffer.from(text) })
const run = (client: IncusClient) =>
  executeRecorded(client, parseInstanceName('one'), { argv: ['true'], timeoutMs: 1_000 })

it('what was recorded and is not there is an error, and never taken for silence', async () => {
  await expect(run(daemon(() => reply(404)))).rejects.toMatchObject({ code: 'incus-lost' })
  expect(await run(daemon(() => reply(416)))).toMatchObject({ exitCode: 0, stdout: Buffer.alloc(0) })
})

it('a daemon that dies once it has told everything takes nothing of that away', async () => {
  const removed: string[] = []
  const client = daemon(({ method, path }) => {
    if (method === 'GET') return reply(206, 'said')
    removed.push(path)
    throw new Error('the daemon is gone')
  })
  const { exitCode, stdout } = await run(client)
  expect([exitCode, stdout.toString('utf8')]).toEqual([0, 'said'])
  expect(removed).toHaveLength(2)
})
