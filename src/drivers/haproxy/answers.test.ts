import { describe, expect, it } from 'vitest'
import { parseJournalId } from '../../domain/ids.ts'
import { parseControl } from './control.ts'
import { parseProcesses } from './master.ts'
import { formatNames, parseNames } from './names-file.ts'
import { formatStateFile, parseStateFile } from './state-file.ts'
import { parseStats } from './traffic.ts'

const anchor = { journal: parseJournalId('00000000-0000-7000-8000-00000000000a'), seq: 12, hash: 'ab'.repeat(32) }

describe('the state file', () => {
  it('says state and anchor in one file that HAProxy reads as a map', () => {
    const state = { live: 'blue', candidate: 'green', share: 100, generation: 7 } as const
    const text = formatStateFile('shop-prod', { state, anchor })
    expect(text).toBe(`# backflip journal=${anchor.journal} seq=12 hash=${anchor.hash}\nshop-prod blue:green:100:7\n`)
    expect(parseStateFile('shop-prod', text)).toEqual({ state, anchor })
  })

  it.each([
    ['', 'nothing'],
    ['shop-prod', 'a key alone'],
    ['shop-prod red::0:1', 'a color that is none'],
    ['shop-prod blue::0', 'no generation'],
    ['shop-prod blue::10001:1', 'too great a share'],
    ['shop-production blue::0:1', 'another key that begins the same'],
    ['\0\0\0', 'zeros'],
  ])('%j is no state: %s', (text) => {
    expect(parseStateFile('shop-prod', text)).toEqual({ state: null, anchor: null })
  })

  it('an anchor beside a spoiled state is still somebody’s; a spoiled anchor is nobody’s', () => {
    const text = formatStateFile('shop-prod', {
      state: { live: 'blue', candidate: null, share: 0, generation: 1 },
      anchor,
    })
    expect(parseStateFile('shop-prod', text.replace('blue', 'b'))).toEqual({ state: null, anchor })
    const spoiled = text.replace(anchor.journal, '-'.repeat(36))
    expect(parseStateFile('shop-prod', spoiled).anchor).toBeNull()
  })
})

describe('the names', () => {
  it('what is no SHA names no release', () => {
    expect(parseNames('blue 123\ngreen none\npreview abc\n')).toEqual({ blue: null, green: null, preview: 'abc' })
    expect(parseNames('')).toEqual({ blue: null, green: null, preview: '' })
    expect(parseNames(formatNames({ blue: null, green: null, preview: 'abc' })).preview).toBe('abc')
  })
})

describe('the master’s answer', () => {
  const rows = `#<PID>          <type>          <reloads>       <uptime>        <version>
4242            master          3 [failed: 1]   0d00h01m10s     2.6.12
# workers
4300            worker          0               0d00h00m03s     2.6.12
# old workers
4250            worker          2               0d00h00m40s     2.6.12
4260            worker          1               0d00h00m20s     2.6.12
# programs

`
  it('tells the current worker from those that leave', () => {
    expect(parseProcesses(rows)).toEqual({ worker: 4300, failed: 1, oldWorkers: [4250, 4260] })
  })
  it('names none while there is none', () => {
    expect(parseProcesses(rows.replace(/^4300.*\n/m, ''))).toMatchObject({ worker: null, oldWorkers: [4250, 4260] })
    expect(parseProcesses('')).toEqual({ worker: null, failed: 0, oldWorkers: [] })
  })
})

describe('the control answer', () => {
  const answer = (body: string, status = '200 OK') => `HTTP/1.1 ${status}\r\ncontent-type: text/plain\r\n\r\n${body}`
  it('is read with worker, state, names and servers', () => {
    const body =
      'pid=77\nconfig=abc\nstate=blue::0:4\nblue=none\ngreen=none\npreview=xyz\nup=blue/web/1/2\nup=green/web/0/2\n'
    expect(parseControl(answer(body))).toEqual({
      status: 200,
      worker: 77,
      state: { live: 'blue', candidate: null, share: 0, generation: 4 },
      configHash: 'abc',
      names: { blue: 'none', green: 'none', preview: 'xyz' },
      servers: [
        { color: 'blue', component: 'web', up: 1, total: 2 },
        { color: 'green', component: 'web', up: 0, total: 2 },
      ],
    })
  })
  it('a state that is none of ours is null, and never a color', () => {
    expect(parseControl(answer('pid=77\nstate=unknown\n')).state).toBeNull()
  })
  it.each(['', 'HTTP/1.1 200 OK\r\n\r\n', answer('state=blue::0:4\n'), answer('pid=x\n'), 'pid=77\nstate=blue::0:4\n'])(
    '%j is no answer, so it is asked again',
    (raw) => {
      expect(() => parseControl(raw)).toThrow(expect.objectContaining({ code: 'socket-failed' }))
    },
  )
})

describe('show stat', () => {
  it('is read by the names of its columns, which differ between versions', () => {
    const text =
      'Name: HAProxy\nPid: 7\n\n# pxname,svname,req_tot,\na,BACKEND,5,\n\n# pxname,new,svname,req_tot,\nb,,BACKEND,6,\n'
    expect(parseStats(text).map(({ pxname, req_tot }) => [pxname, req_tot])).toEqual([
      ['a', '5'],
      ['b', '6'],
    ])
  })
})
