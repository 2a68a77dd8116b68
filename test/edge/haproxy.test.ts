import { beforeAll } from 'vitest'
import { edgeContract } from '../contract/edge.ts'
import { haproxyTests } from './haproxy-tests.ts'
import { haproxyWorld, requireHaproxy } from './world.ts'

beforeAll(() => {
  console.log(`HAProxy ${requireHaproxy()}`)
})

edgeContract('HAProxy from PATH', () => haproxyWorld())
haproxyTests('HAProxy from PATH', 'haproxy')
