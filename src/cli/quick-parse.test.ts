import { describe, expect, it } from 'vitest'
import { COMMANDS } from './commands/index.ts'
import { quickParse } from './quick-parse.ts'

const parse = (line: string) => quickParse(line.split(' '), COMMANDS)

describe('quickParse', () => {
  it('parses what is plainly right', () => {
    expect(parse('rollback --mode fast --yes')).toMatchObject({
      command: { name: 'rollback' },
      args: [],
      options: { mode: 'fast', yes: true },
    })
    expect(parse('lock acquire -m why --json')).toMatchObject({
      command: { name: 'lock acquire' },
      options: { message: 'why', json: true },
    })
    expect(parse('publish --sha x a=1 b=2 --built-by me')).toMatchObject({
      args: ['a=1', 'b=2'],
      options: { sha: 'x', builtBy: 'me' },
    })
    expect(parse('deploy x --lock-wait=15m')).toMatchObject({ args: ['x'], options: { lockWait: '15m' } })
    expect(parse('logs web -f')).toMatchObject({ args: ['web'], options: { follow: true } })
  })

  it.each([
    '',
    '--help',
    '--version',
    'rollback --help',
    'deplyo x',
    'deploy',
    'deploy a b',
    'status --jsn',
    'rollback --mode',
    'publish',
    'lock',
    'lock -m x',
    'releases',
    'status extra',
  ])('leaves %j to the one that knows what to say', (line) => {
    expect(parse(line)).toBeNull()
  })

  it('knows every option of every command', () => {
    for (const { name, arguments: wanted = [], options = [] } of COMMANDS) {
      const given = wanted.filter((one) => one.startsWith('<')).map(() => 'x')
      for (const { flags } of options) {
        const long = /--[a-z-]+/.exec(flags)?.[0] ?? ''
        const parsed = quickParse(
          [...name.split(' '), ...given, long, ...(flags.includes('<') ? ['value'] : [])],
          COMMANDS,
        )
        expect(parsed, `${name} ${flags}`).not.toBeNull()
      }
    }
  })
})
