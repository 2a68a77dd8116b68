import { Agent } from 'node:http'
import { expect, it } from 'vitest'
import type { IncusClient } from './client.ts'
import { incusError } from './errors.ts'
import { execute } from './exec.ts'
import { parseInstanceName } from './names.ts'

const OPERATION = '/1.0/operations/00000000-0000-4000-8000-000000000000'

/** A daemon whose every exec fails with these words, and that counts how often it was asked for one. */
function daemonThatSays(text: string): { readonly client: IncusClient; readonly asked: () => number } {
  let asked = 0
  const call: IncusClient['call'] = async ({ method, what }) => {
    if (method === 'GET') throw incusError(what ?? '', 500, text)
    asked += 1
    const metadata = { metadata: { fds: { '0': 'a', '1': 'b', '2': 'c', control: 'd' } } }
    return { type: 'async', operation: OPERATION, metadata }
  }
  const agent = Object.assign(new Agent(), {
    createConnection: () => {
      throw new Error('no channel opens')
    },
  })
  return { client: { call, agent, where: 'here', pathOf: () => '/' } as unknown as IncusClient, asked: () => asked }
}

async function askedWhen(text: string): Promise<number> {
  const { client, asked } = daemonThatSays(text)
  const ask = { argv: ['true'], timeoutMs: 1_000 }
  await expect(execute(client, parseInstanceName('a'), ask)).rejects.toMatchObject({ cause: { message: text } })
  return asked()
}

it('a container that cannot be entered yet is tried again, five times at most: nothing was begun in it', async () => {
  expect(await askedWhen('Failed to retrieve PID of executing child process')).toBe(5)
})

it('what may have begun is never begun again', async () => {
  expect(await askedWhen('something else')).toBe(1)
})
