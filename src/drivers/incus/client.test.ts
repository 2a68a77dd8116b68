import { describe, expect, it } from 'vitest'
import { readAnswer } from './client.ts'
import { incusError } from './errors.ts'

const CALL = { method: 'GET', path: '/instances/a', what: 'look at a' } as const
const reply = (status: number, body: unknown) =>
  readAnswer(CALL, {
    status,
    headers: { etag: 'e' },
    body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
  })
const errorOf = (status: number, body: unknown): unknown => {
  try {
    return reply(status, body)
  } catch (error) {
    return error
  }
}

describe('what Incus replies', () => {
  it('is an answer, or an operation to wait for', () => {
    expect(reply(200, { type: 'sync', status_code: 200, metadata: { a: 1 } })).toEqual({
      type: 'sync',
      metadata: { a: 1 },
      etag: 'e',
    })
    const operation = '/1.0/operations/00000000-0000-4000-8000-000000000000'
    expect(reply(202, { type: 'async', operation, metadata: {} })).toMatchObject({ type: 'async', operation })
  })

  it('is an error by its body, also with status 200', () => {
    const body = { type: 'error', error_code: 404, error: 'Instance not found', metadata: null }
    expect(errorOf(200, body)).toMatchObject({
      code: 'incus-not-found',
      cause: { status: 404, message: 'Instance not found' },
    })
  })

  it.each([['<html>'], [''], ['null'], ['{}'], ['{"type":"sync"'], ['{"type":"async"}']])(
    'is none of Incus: %j',
    (body) => {
      expect(errorOf(200, body)).toMatchObject({ code: 'incus-not-understood' })
    },
  )
})

describe('what Incus refuses is told by its words where it has no code', () => {
  it.each([
    [500, 'Failed creating instance record: UNIQUE constraint failed: instances.name', 'incus-exists', 'refused'],
    [500, 'Image not provided for instance creation', 'incus-no-image', 'failed'],
    [409, 'IP address "10.0.0.1" already defined on another NIC', 'incus-address-taken', 'refused'],
    [500, 'User does not have permissions for project "default"', 'incus-no-right', 'failed'],
    [403, 'not authorized', 'incus-no-right', 'failed'],
    [412, 'ETag doesn\u0027t match', 'incus-changed', 'refused'],
    [400, 'The instance is already stopped', 'incus-stopped', 'refused'],
    [500, 'write /x: no space left on device', 'incus-pool-full', 'failed'],
    [500, 'Failed to retrieve PID of executing child process', 'incus-no-init', 'failed'],
    [500, 'something new', 'incus-failed', 'failed'],
  ])('%i %s', (status, text, code, kind) => {
    expect(incusError('x', status, text)).toMatchObject({ code, kind, cause: { message: text } })
  })
})
