import { edgeContract } from '../contract/edge.ts'
import { haproxies } from './haproxies.ts'
import { haproxyWorld } from './world.ts'

for (const { name, binary } of haproxies()) edgeContract(name, () => haproxyWorld(binary))
