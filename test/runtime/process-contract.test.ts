import { runtimeContract } from '../contract/runtime.ts'
import { processWorld } from './process-world.ts'

runtimeContract('process', processWorld)
