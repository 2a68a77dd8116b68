import { BackflipError } from '../../src/domain/errors.ts'
import type { Hooks } from '../../src/ports/hooks.ts'
import type { Operator } from './operator.ts'
import type { World } from './world.ts'

export function fakeHooks(world: World, operator: Operator): Hooks {
  return {
    get isEmpty() {
      return !world.hasHooks
    },
    run: (name) =>
      world.call(operator, `hook.${name}`, () => {
        if (!world.hookFails(name, operator)) return
        throw new BackflipError(`the hook ${name} ended with exit code 1`, { code: 'hook-failed', kind: 'failed' })
      }),
  }
}
