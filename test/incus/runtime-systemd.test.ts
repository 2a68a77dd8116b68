import { afterAll } from 'vitest'
import { runtimeContract } from '../contract/runtime.ts'
import { incusRuntimeWorld } from './runtime-world.ts'
import { incusWorld } from './world.ts'

const world = await incusWorld()
afterAll(() => world.end())

runtimeContract('incus, as a unit of systemd', () => incusRuntimeWorld(world, 'systemd'))
