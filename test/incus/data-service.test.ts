import { afterAll, beforeAll, describe } from 'vitest'
import { dataServiceContract } from '../contract/data-service.ts'
import { type DataBed, makeDataWorld, prepareTemplate } from './data-world.ts'
import { incusWorld } from './world.ts'

/** PostgreSQL 15 on copy-on-write storage, and plain files on storage that copies file by file. */
const BEDS: readonly DataBed[] = [
  { world: await incusWorld(), kind: 'files', pool: 'dir' },
  { world: await incusWorld(), kind: 'postgres', pool: 'btrfs' },
]

describe.each(BEDS)('$kind on $pool', (bed) => {
  beforeAll(() => prepareTemplate(bed))
  afterAll(() => bed.world.end())
  dataServiceContract(`an instance of Incus on ${bed.pool} with ${bed.kind}`, () => makeDataWorld(bed))
})
